//! A log that fails in chosen ways, around one that works.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use hookwheel_log::{
    Append, Bucket, Consumer, ConsumerDepth, Held, Lease, Log, LogError, Outcome, Seq, Stored, StreamInfo, Subject,
    SubjectFilter, Tail,
};

/// What goes wrong.
#[derive(Clone)]
pub enum Fault {
    /// After so many stored records nothing ever returns: the process is as good as dead.
    DieAfter(Arc<AtomicUsize>),
    /// So many appends find the log away, one of them after it stored its first record.
    Away(Arc<AtomicUsize>),
    /// Every append finds the log away.
    AwayForGood,
    /// So many acknowledgements are lost.
    LoseAcks(Arc<AtomicUsize>),
}

impl Fault {
    pub fn away(times: usize) -> Self {
        Self::Away(Arc::new(AtomicUsize::new(times)))
    }

    pub fn lose_acks(count: usize) -> Self {
        Self::LoseAcks(Arc::new(AtomicUsize::new(count)))
    }
}

/// The log with its fault.
pub struct Rough {
    inner: Arc<dyn Log>,
    fault: Fault,
    pub seen: Arc<Seen>,
}

/// What was done with the leases.
#[derive(Default)]
pub struct Seen {
    pub naks: AtomicUsize,
    pub progress: AtomicUsize,
    pub repeats: AtomicUsize,
}

impl Rough {
    pub fn new(inner: Arc<dyn Log>, fault: Fault) -> Arc<Self> {
        Arc::new(Self { inner, fault, seen: Arc::default() })
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
        match &self.fault {
            Fault::DieAfter(left) => {
                let mut results = Vec::new();
                for record in records {
                    if !one_of(left) {
                        std::future::pending::<()>().await;
                    }
                    results.push(self.inner.append(record).await);
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
            _ => self.inner.append_batch(records).await,
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
        let left = match &self.fault {
            Fault::LoseAcks(left) => Arc::clone(left),
            _ => Arc::default(),
        };
        Ok(Arc::new(Deaf { inner: self.inner.consumer(name).await?, left, seen: Arc::clone(&self.seen) }))
    }

    async fn bucket(&self, name: &str) -> Result<Arc<dyn Bucket>, LogError> {
        self.inner.bucket(name).await
    }

    async fn check(&self) -> Result<(), LogError> {
        self.inner.check().await
    }
}

/// A consumer that watches its leases and loses acknowledgements.
struct Deaf {
    inner: Arc<dyn Consumer>,
    left: Arc<AtomicUsize>,
    seen: Arc<Seen>,
}

#[async_trait]
impl Consumer for Deaf {
    async fn fetch(&self, max: usize, wait: Duration) -> Result<Vec<Held>, LogError> {
        let held = self.inner.fetch(max, wait).await?;
        let deaf = |held: Held| {
            self.seen.repeats.fetch_add(usize::from(held.attempt > 1), SeqCst);
            let lease = DeafLease { inner: held.lease, left: Arc::clone(&self.left), seen: Arc::clone(&self.seen) };
            Held { lease: Box::new(lease), ..held }
        };
        Ok(held.into_iter().map(deaf).collect())
    }

    async fn depth(&self) -> Result<ConsumerDepth, LogError> {
        self.inner.depth().await
    }
}

struct DeafLease {
    inner: Box<dyn Lease>,
    left: Arc<AtomicUsize>,
    seen: Arc<Seen>,
}

#[async_trait]
impl Lease for DeafLease {
    async fn ack(&self) -> Result<(), LogError> {
        if one_of(&self.left) { Err(away()) } else { self.inner.ack().await }
    }

    async fn nak(&self, delay: Duration) -> Result<(), LogError> {
        self.seen.naks.fetch_add(1, SeqCst);
        self.inner.nak(delay).await
    }

    async fn progress(&self) -> Result<(), LogError> {
        self.seen.progress.fetch_add(1, SeqCst);
        self.inner.progress().await
    }

    async fn park(&self, reason: &str) -> Result<(), LogError> {
        self.inner.park(reason).await
    }
}
