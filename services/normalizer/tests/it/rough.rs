//! A log that fails in chosen ways, around one that works.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hookwheel_log::{
    Append, Bucket, BucketEntry, Consumer, Log, LogError, Outcome, Revision, Seq, Stored, StreamInfo, Subject,
    SubjectFilter, Swap, Tail, Watch,
};
use hookwheel_proto::topology::LEASES;

/// What goes wrong.
#[derive(Clone)]
pub enum Fault {
    /// Nothing.
    Nothing,
    /// The lease, which everybody has who asks for it.
    NoLease,
    /// The lease as well, and after so many records that were offered nothing ever returns: it is as good as dead.
    DieAfter(Arc<AtomicUsize>),
    /// So many appends find the log away, one of them after it stored its first record.
    Away(Arc<AtomicUsize>),
    /// Every append finds the log away.
    AwayForGood,
}

impl Fault {
    pub fn away(times: usize) -> Self {
        Self::Away(Arc::new(AtomicUsize::new(times)))
    }

    fn grants_every_lease(&self) -> bool {
        matches!(self, Self::NoLease | Self::DieAfter(_))
    }
}

/// The log with its fault.
pub struct Rough {
    inner: Arc<dyn Log>,
    fault: Fault,
    pub seen: Arc<Seen>,
}

/// What was tried.
#[derive(Default)]
pub struct Seen {
    /// Calls that append.
    pub appends: AtomicUsize,
    /// Records that it found stored already.
    pub repeats: AtomicUsize,
}

impl Rough {
    pub fn new(inner: Arc<dyn Log>, fault: Fault) -> Arc<Self> {
        Arc::new(Self { inner, fault, seen: Arc::default() })
    }

    fn saw(&self, result: &Result<Outcome, LogError>) {
        self.seen.repeats.fetch_add(usize::from(matches!(result, Ok(Outcome::AlreadyThere(_)))), SeqCst);
    }
}

/// Takes one, if any is left.
fn one_of(left: &AtomicUsize) -> bool {
    left.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok()
}

fn away() -> LogError {
    LogError::unavailable("planned")
}

#[async_trait]
impl Log for Rough {
    async fn append(&self, record: Append) -> Result<Outcome, LogError> {
        self.append_batch(vec![record]).await?.remove(0)
    }

    async fn append_batch(&self, records: Vec<Append>) -> Result<Vec<Result<Outcome, LogError>>, LogError> {
        self.seen.appends.fetch_add(usize::from(!records.is_empty()), SeqCst);
        match &self.fault {
            Fault::DieAfter(left) => {
                let mut results = Vec::new();
                for record in records {
                    if !one_of(left) {
                        std::future::pending::<()>().await;
                    }
                    let result = self.inner.append(record).await;
                    self.saw(&result);
                    results.push(result);
                }
                Ok(results)
            }
            Fault::Away(left) if !records.is_empty() && one_of(left) => match left.load(SeqCst) % 2 {
                0 => Err(away()),
                _ => {
                    let mut records = records.into_iter();
                    let first = self.inner.append(records.next().unwrap()).await;
                    Ok(std::iter::once(first).chain(records.map(|_| Err(away()))).collect())
                }
            },
            Fault::AwayForGood if !records.is_empty() => Err(away()),
            _ => {
                let results = self.inner.append_batch(records).await?;
                results.iter().for_each(|result| self.saw(result));
                Ok(results)
            }
        }
    }

    async fn read(&self, stream: &str, filter: &SubjectFilter, from: Seq, max: usize) -> Result<Vec<Stored>, LogError> {
        self.inner.read(stream, filter, from, max).await
    }

    async fn last(&self, stream: &str, subject: &Subject) -> Result<Option<Stored>, LogError> {
        self.inner.last(stream, subject).await
    }

    async fn tail(&self, stream: &str, filter: &SubjectFilter, from: Seq) -> Result<Box<dyn Tail>, LogError> {
        self.inner.tail(stream, filter, from).await
    }

    async fn stream(&self, stream: &str) -> Result<StreamInfo, LogError> {
        self.inner.stream(stream).await
    }

    async fn consumer(&self, name: &str) -> Result<Arc<dyn Consumer>, LogError> {
        self.inner.consumer(name).await
    }

    async fn park(&self, consumer: &str, record: &Stored, reason: &str) -> Result<(), LogError> {
        self.inner.park(consumer, record, reason).await
    }

    async fn bucket(&self, name: &str) -> Result<Arc<dyn Bucket>, LogError> {
        let inner = self.inner.bucket(name).await?;
        let generous = name == LEASES && self.fault.grants_every_lease();
        Ok(if generous { Arc::new(Generous(inner)) } else { inner })
    }

    async fn check(&self) -> Result<(), LogError> {
        self.inner.check().await
    }
}

/// A bucket that grants every lease.
struct Generous(Arc<dyn Bucket>);

#[async_trait]
impl Bucket for Generous {
    async fn get(&self, key: &str) -> Result<Option<BucketEntry>, LogError> {
        self.0.get(key).await
    }

    async fn entries(&self) -> Result<Vec<BucketEntry>, LogError> {
        self.0.entries().await
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<Revision, LogError> {
        self.0.put(key, value, ttl).await
    }

    async fn create(&self, _: &str, _: Bytes, _: Option<Duration>) -> Result<Swap, LogError> {
        Ok(Swap::Done(1))
    }

    async fn update(&self, _: &str, _: Bytes, _: Revision, _: Option<Duration>) -> Result<Swap, LogError> {
        Ok(Swap::Done(1))
    }

    async fn remove(&self, _: &str, revision: Revision) -> Result<Swap, LogError> {
        Ok(Swap::Done(revision))
    }

    async fn watch(&self) -> Result<Box<dyn Watch>, LogError> {
        self.0.watch().await
    }
}
