//! A log that counts what is appended to it and how long that takes, by stream and outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use metrics::{counter, histogram};

use crate::{
    Append, Bucket, Consumer, Layout, Log, LogError, Outcome, Seq, Stored, StreamInfo, Subject, SubjectFilter, Tail,
};

/// Appends, by stream and outcome (`ok`, `duplicate`, `timeout`, `error`).
pub const PUBLISH_TOTAL: &str = "hookwheel_publish_total";
/// Seconds of one append call, whether of one record or of a batch, by stream.
pub const PUBLISH_DURATION_SECONDS: &str = "hookwheel_publish_duration_seconds";

/// Any log, measured.
pub struct Measured {
    inner: Arc<dyn Log>,
    layout: Layout,
}

impl Measured {
    /// Measures `inner`; `layout` says which stream a subject belongs to.
    pub fn new(inner: Arc<dyn Log>, layout: Layout) -> Self {
        Self { inner, layout }
    }

    fn stream_of(&self, record: Option<&Append>) -> &'static str {
        record.and_then(|r| self.layout.stream_of(&r.subject)).map_or("unknown", |spec| spec.name)
    }
}

fn outcome(result: &Result<Outcome, LogError>) -> &'static str {
    match result {
        Ok(Outcome::Stored(_)) => "ok",
        Ok(Outcome::AlreadyThere(_) | Outcome::Conflict(_)) => "duplicate",
        Err(LogError::Timeout(_)) => "timeout",
        Err(_) => "error",
    }
}

fn note<'a>(stream: &'static str, began: Instant, results: impl IntoIterator<Item = &'a Result<Outcome, LogError>>) {
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for result in results {
        *counts.entry(outcome(result)).or_default() += 1;
    }
    count(stream, began, counts);
}

fn count(stream: &'static str, began: Instant, counts: impl IntoIterator<Item = (&'static str, u64)>) {
    histogram!(PUBLISH_DURATION_SECONDS, "stream" => stream).record(began.elapsed().as_secs_f64());
    for (outcome, records) in counts {
        counter!(PUBLISH_TOTAL, "stream" => stream, "outcome" => outcome).increment(records);
    }
}

#[async_trait]
impl Log for Measured {
    async fn append(&self, record: Append) -> Result<Outcome, LogError> {
        let (stream, began) = (self.stream_of(Some(&record)), Instant::now());
        let result = self.inner.append(record).await;
        note(stream, began, [&result]);
        result
    }

    async fn append_batch(&self, records: Vec<Append>) -> Result<Vec<Result<Outcome, LogError>>, LogError> {
        let (stream, began, records_sent) = (self.stream_of(records.first()), Instant::now(), records.len() as u64);
        let result = self.inner.append_batch(records).await;
        match &result {
            Ok(each) => note(stream, began, each),
            Err(LogError::Timeout(_)) => count(stream, began, [("timeout", records_sent)]),
            Err(_) => count(stream, began, [("error", records_sent)]),
        }
        result
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
