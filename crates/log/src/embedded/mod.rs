//! The log for one process: SQLite in WAL mode, fsync before every acknowledgement, group commit.
//!
//! [`writer`] is the only one that writes: it decides ([`plan`], [`keys`], both pure), writes one [`changeset`] in one
//! transaction, and [`publish`]es it. Readers use connections of their own. A [`group`]'s leases live in memory and are
//! written down a little later: a crash brings records back, never loses one. So is the index of subjects that are as
//! random as hashes ([`hashed`]); what it does not hold yet is in memory ([`fresh`]) and found again by reading rows.

mod bucket;
mod changeset;
mod checkpoint;
mod clock;
mod consumer;
mod fault;
mod fresh;
mod group;
mod hashed;
mod heads;
mod keys;
mod live;
mod lock;
mod plan;
mod publish;
mod queue;
mod schema;
mod span;
mod sql;
mod table;
mod tail;
mod tidy;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqlitePool;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::live::{Live, Stream};
use self::queue::Queue;
use self::span::Span;
use crate::{
    Append, Bucket, Consumer, Layout, Log, LogError, Outcome, Seq, Stored, StreamInfo, Subject, SubjectFilter, Tail,
    parked,
};

/// The most bytes of one record: subject, id, headers and payload. The same as a default broker's.
pub const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// How the file is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// No call waits longer than this for the writer.
    pub bound: Duration,
    /// How long a transaction waits for a lock that another program has on the file, such as a backup.
    pub busy: Duration,
    /// Connections that read.
    pub readers: u32,
    /// Of a stream with [`Lookup::Exact`](crate::Lookup::Exact): after so many records, they begin to move from memory
    /// (some 20 bytes each) into the index. At most about twice as many are read again when the file is opened.
    pub unindexed: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { bound: Duration::from_secs(10), busy: Duration::from_secs(5), readers: 3, unindexed: 32 * 1024 }
    }
}

/// The embedded log. The last handle's end ends it as a crash would; [`Embedded::close`] ends it in good order.
pub struct Embedded {
    layout: Arc<Layout>,
    open: Arc<Open>,
}

/// What every handle shares.
struct Open {
    live: Arc<Live>,
    readers: SqlitePool,
    queue: Queue,
    closed: CancellationToken,
    /// Index of the stream that takes the notes of parked records.
    parked: Option<usize>,
    _ends: DropGuard,
}

impl Embedded {
    /// Opens the log in this file and creates what is missing: the file, its directory, what the layout names.
    /// [`LogError::Unfit`] if another process has it open or if its settings could lose a record.
    pub async fn open(path: &Path, layout: Layout) -> Result<Self, LogError> {
        Self::open_with(path, layout, Options::default()).await
    }

    /// The same with other options.
    pub async fn open_with(path: &Path, layout: Layout, options: Options) -> Result<Self, LogError> {
        lock::prepare(path)?;
        let lock = lock::FileLock::take(path)?;
        let mut db = schema::connect(path, options.busy).await?;
        schema::check(&mut db).await?;
        schema::provision(&mut db, &layout).await?;
        let live = Arc::new(schema::load(&mut db, &layout, options.unindexed).await?);
        let beside = schema::connect(path, options.busy).await?;
        let (queue, commands) = Queue::new(options.bound);
        let writer = writer::Writer::new(db, beside, live.clone(), commands, lock).await?;
        tokio::spawn(writer.run());

        let closed = CancellationToken::new();
        let open = Open {
            readers: schema::readers(path, options.busy, options.bound, options.readers),
            parked: live.streams.iter().position(|stream| stream.name == parked::STREAM),
            _ends: closed.clone().drop_guard(),
            live,
            queue,
            closed,
        };
        Ok(Self { layout: Arc::new(layout), open: Arc::new(open) })
    }

    /// Writes down every lease, closes the file and gives up the lock. Calls after this fail as transient.
    pub async fn close(&self) -> Result<(), LogError> {
        self.open.closed.cancel();
        self.open.readers.close().await;
        self.open.queue.close().await
    }

    fn stream_at(&self, name: &str) -> Result<usize, LogError> {
        let at = self.open.live.streams.iter().position(|stream| stream.name == name);
        at.ok_or_else(|| LogError::Missing(format!("stream {name}")))
    }

    fn stream_named(&self, name: &str) -> Result<&Stream, LogError> {
        Ok(&self.open.live.streams[self.stream_at(name)?])
    }

    fn stream_for(&self, record: &Append) -> Result<usize, LogError> {
        record.check(MAX_RECORD_BYTES)?;
        let spec = self.layout.stream_of(&record.subject);
        self.stream_at(spec.ok_or_else(|| LogError::Missing(format!("a stream for {}", record.subject)))?.name)
    }
}

impl Open {
    /// Keeps the note of a record that is given up.
    async fn append_note(&self, consumer: &str, record: &Stored, reason: &str) -> Result<(), LogError> {
        let stream = self.parked.ok_or_else(|| LogError::Missing(format!("stream {}", parked::STREAM)))?;
        let note = parked::note(consumer, record, reason)?;
        self.queue.append(stream, vec![note]).await?.pop().map_or(Ok(()), |outcome| outcome.map(drop))
    }
}

#[async_trait]
impl Log for Embedded {
    async fn append(&self, record: Append) -> Result<Outcome, LogError> {
        let stream = self.stream_for(&record)?;
        let outcome = self.open.queue.append(stream, vec![record]).await?.pop();
        outcome.unwrap_or_else(|| Err(fault::closed()))
    }

    async fn append_batch(&self, records: Vec<Append>) -> Result<Vec<Result<Outcome, LogError>>, LogError> {
        let Some(first) = records.first() else { return Ok(Vec::new()) };
        let stream = self.stream_for(first)?;
        for record in &records[1..] {
            if self.stream_for(record)? != stream {
                return Err(LogError::Invalid { what: "batch", why: "records of more than one stream".into() });
            }
        }
        let mut outcomes = Vec::with_capacity(records.len());
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            let piece = records.by_ref().take(writer::GROUP).collect();
            outcomes.extend(self.open.queue.append(stream, piece).await?);
        }
        Ok(outcomes)
    }

    async fn read(&self, stream: &str, filter: &SubjectFilter, from: Seq, max: usize) -> Result<Vec<Stored>, LogError> {
        self.stream_named(stream)?.table.read(&self.open.readers, filter, from, max).await
    }

    async fn last(&self, stream: &str, subject: &Subject) -> Result<Option<Stored>, LogError> {
        self.stream_named(stream)?.table.last(&self.open.readers, subject.as_str()).await
    }

    async fn tail(&self, stream: &str, filter: &SubjectFilter, from: Seq) -> Result<Box<dyn Tail>, LogError> {
        let stream = self.stream_at(stream)?;
        Ok(Box::new(tail::Reader::new(self.open.clone(), stream, Span::of(filter), from)))
    }

    async fn stream(&self, stream: &str) -> Result<StreamInfo, LogError> {
        let stream = self.stream_named(stream)?;
        Ok(StreamInfo { incarnation: stream.incarnation.clone(), first: stream.first(), last: stream.last() })
    }

    async fn consumer(&self, name: &str) -> Result<Arc<dyn Consumer>, LogError> {
        let members = self.open.live.groups.iter().find(|members| members.name == name);
        let members = members.ok_or_else(|| LogError::Missing(format!("consumer {name}")))?;
        Ok(Arc::new(consumer::Member::new(self.open.clone(), members.clone())))
    }

    async fn park(&self, consumer: &str, record: &Stored, reason: &str) -> Result<(), LogError> {
        self.open.append_note(consumer, record, reason).await
    }

    async fn bucket(&self, name: &str) -> Result<Arc<dyn Bucket>, LogError> {
        let shelf = self.open.live.shelves.iter().position(|shelf| shelf.name == name);
        let shelf = shelf.ok_or_else(|| LogError::Missing(format!("bucket {name}")))?;
        Ok(Arc::new(bucket::Handle::new(self.open.clone(), shelf)))
    }

    async fn check(&self) -> Result<(), LogError> {
        self.open.queue.check().await
    }
}
