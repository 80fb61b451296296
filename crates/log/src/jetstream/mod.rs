//! The log for any number of processes: NATS JetStream that syncs before it acknowledges.
//!
//! [`provision`] makes the streams once; [`JetStream::connect`] only binds. The traps of the broker and its client
//! (T1 to T24) are each handled in one place: `link` (nothing queued while down, lost answers), `append` and `settle`
//! (the same record until its fate is known), `batch` (many records, one fsync), `read` (what replicas may not decide),
//! `pull`, `tail` and `consumer` (silence is trouble), `bucket` and `watch`, `check` and `sync` (what is promised).

mod ack;
mod api;
mod append;
mod batch;
mod bucket;
mod check;
mod consumer;
mod gather;
mod link;
mod options;
mod plan;
mod provision;
mod pull;
mod read;
mod settle;
mod spec;
mod stream;
mod sync;
mod tail;
mod version;
mod watch;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use crate::{
    Append, Bucket, Consumer, Layout, Log, LogError, Outcome, Seq, Stored, StreamInfo, StreamSpec, Subject,
    SubjectFilter, Tail,
};
use link::Link;
use wire::Wire;

pub use options::{Options, Profile};
pub use provision::{Change, Report, provision};

/// A log on JetStream. Cloning shares the connection.
#[derive(Debug, Clone)]
pub struct JetStream {
    link: Link,
    options: Arc<Options>,
    layout: Arc<Layout>,
    /// The developer has been told once that the sync policy is weak.
    warned: Arc<AtomicBool>,
}

impl JetStream {
    /// Connects to a broker that has been provisioned with this layout. Fails as transient when nobody listens there;
    /// from then on it reconnects by itself. Says nothing of the broker's fitness: that is [`Log::check`].
    pub async fn connect(options: Options, layout: Layout) -> Result<Self, LogError> {
        let link = Link::connect(&options).await?;
        version::check(&link.server_version())?;
        Ok(Self { link, options: options.into(), layout: layout.into(), warned: Arc::default() })
    }

    fn stream_of(&self, subject: &Subject) -> Result<&StreamSpec, LogError> {
        self.layout.stream_of(subject).ok_or_else(|| LogError::Missing(format!("a stream for subject {subject}")))
    }
}

#[async_trait]
impl Log for JetStream {
    async fn append(&self, record: Append) -> Result<Outcome, LogError> {
        let stream = self.stream_of(&record.subject)?.name;
        append::append(&self.link, stream, &Wire::checked(record, self.link.max_payload())?, false).await
    }

    async fn append_batch(&self, records: Vec<Append>) -> Result<Vec<Result<Outcome, LogError>>, LogError> {
        let Some(first) = records.first() else { return Ok(Vec::new()) };
        let stream = self.stream_of(&first.subject)?.name;
        if records.iter().any(|record| self.layout.stream_of(&record.subject).is_none_or(|s| s.name != stream)) {
            let why = format!("every record has to belong to {stream} as the first one does");
            return Err(LogError::Invalid { what: "batch", why });
        }
        let limit = self.link.max_payload();
        let wires = records.into_iter().map(|record| Wire::checked(record, limit)).collect();
        batch::append_all(&self.link, stream, self.options.replicas(), wires).await
    }

    async fn read(&self, stream: &str, filter: &SubjectFilter, from: Seq, max: usize) -> Result<Vec<Stored>, LogError> {
        read::read(&self.link, stream, filter, from, max).await
    }

    async fn last(&self, stream: &str, subject: &Subject) -> Result<Option<Stored>, LogError> {
        read::last(&self.link, stream, subject.as_str()).await
    }

    async fn tail(&self, stream: &str, filter: &SubjectFilter, from: Seq) -> Result<Box<dyn Tail>, LogError> {
        Ok(Box::new(tail::Follower::new(self.link.clone(), stream, filter.clone(), from)))
    }

    async fn stream(&self, stream: &str) -> Result<StreamInfo, LogError> {
        stream::info(&self.link, stream).await
    }

    async fn consumer(&self, name: &str) -> Result<Arc<dyn Consumer>, LogError> {
        let missing = || LogError::Missing(format!("consumer {name}"));
        let spec = self.layout.consumer(name).ok_or_else(missing)?.clone();
        Ok(Arc::new(consumer::Member::bind(self.link.clone(), spec).await?))
    }

    async fn park(&self, consumer: &str, record: &Stored, reason: &str) -> Result<(), LogError> {
        consumer::note(&self.link, consumer, record, reason).await
    }

    async fn bucket(&self, name: &str) -> Result<Arc<dyn Bucket>, LogError> {
        if !self.layout.buckets.iter().any(|bucket| bucket.name == name) {
            return Err(LogError::Missing(format!("bucket {name}")));
        }
        Ok(Arc::new(bucket::Keys::bind(self.link.clone(), name).await?))
    }

    async fn check(&self) -> Result<(), LogError> {
        check::check(&self.link, &self.options, &self.layout).await?;
        let policy = sync::policy(&self.options).await;
        let warning = sync::verdict(&policy, self.options.profile, self.options.replicas())?;
        if let Some(warning) = warning
            && !self.warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!("{warning}");
        }
        Ok(())
    }
}
