//! A log whose caller dies at a chosen append: from then on nothing it asks is ever answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use hookwheel_log::{
    Append, Bucket, Consumer, Log, LogError, Outcome, Seq, Stored, StreamInfo, Subject, SubjectFilter, Tail,
};
use tokio::sync::Notify;

use crate::kit::is_runs;

/// On which side of the append the caller dies.
#[derive(Debug, Clone, Copy)]
pub enum Side {
    /// The record is not stored.
    Before,
    /// The record is stored; the answer is never heard.
    After,
}

pub struct CutLog {
    inner: Arc<dyn Log>,
    at: usize,
    side: Side,
    appends: AtomicUsize,
    /// Rings when the caller is dead, or frozen.
    pub died: Arc<Notify>,
    /// A frozen caller goes on when this rings.
    pub thaw: Arc<Notify>,
}

impl CutLog {
    /// Dies at the `at`th append to a journal, from 1.
    pub fn new(inner: Arc<dyn Log>, at: usize, side: Side) -> Arc<Self> {
        let (died, thaw) = Default::default();
        Arc::new(Self { inner, at, side, appends: AtomicUsize::new(0), died, thaw })
    }
}

#[async_trait]
impl Log for CutLog {
    async fn append(&self, record: Append) -> Result<Outcome, LogError> {
        let here = is_runs(&record.subject) && self.appends.fetch_add(1, Ordering::SeqCst) + 1 == self.at;
        if here {
            if matches!(self.side, Side::After) {
                self.inner.append(record.clone()).await?;
            }
            self.died.notify_one();
            self.thaw.notified().await;
        }
        self.inner.append(record).await
    }

    async fn append_batch(&self, records: Vec<Append>) -> Result<Vec<Result<Outcome, LogError>>, LogError> {
        self.inner.append_batch(records).await
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
        self.inner.bucket(name).await
    }

    async fn check(&self) -> Result<(), LogError> {
        self.inner.check().await
    }
}
