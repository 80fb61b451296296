//! Key-value on a stream of one record per key: every decision is a compare-and-set or the leader's word (T17).

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;

use super::api::call;
use super::append::append;
use super::link::Link;
use super::read;
use super::stream::info;
use super::watch::Watcher;
use super::wire::{MARKER, Wire};
use crate::{Bucket, BucketEntry, Expect, LogError, Outcome, Revision, Stored, Swap, Watch};

/// How long the trace of a removed or expired key is kept for watchers.
pub(super) const TRACE_KEPT: Duration = Duration::from_secs(60);
/// How many entries are read at once.
const READS: usize = 64;
/// A creator that meets traces of removed keys gives up after so many.
const TRACES: usize = 8;

const OPERATION: &str = "KV-Operation";
const TTL: &str = "Nats-TTL";

/// A bucket that the provisioning step has made.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    link: Link,
    name: String,
    stream: String,
}

/// The stream that holds a bucket.
pub(super) fn stream_name(bucket: &str) -> String {
    format!("KV_{bucket}")
}

/// Where a bucket's keys are.
pub(super) fn prefix(bucket: &str) -> String {
    format!("$KV.{bucket}.")
}

impl Keys {
    /// Binds, if the bucket is there.
    pub async fn bind(link: Link, name: &str) -> Result<Self, LogError> {
        let keys = Self { link, name: name.into(), stream: stream_name(name) };
        info(&keys.link, &keys.stream).await?;
        Ok(keys)
    }

    fn subject(&self, key: &str) -> Result<String, LogError> {
        crate::Subject::new(key)
            .map_err(|_| LogError::Invalid { what: "key", why: "tokens of [A-Za-z0-9_-] joined by dots".into() })?;
        Ok(prefix(&self.name) + key)
    }

    async fn last(&self, key: &str) -> Result<Option<Stored>, LogError> {
        read::last(&self.link, &self.stream, &self.subject(key)?).await
    }

    /// Writes under an expectation. Every write has an id of its own, so that a repeat after a lost answer is told
    /// from another writer's.
    async fn write(
        &self,
        key: &str,
        value: Bytes,
        expect: Expect,
        orders: Vec<(&'static str, String)>,
    ) -> Result<Outcome, LogError> {
        let wire = Wire {
            subject: self.subject(key)?.into(),
            id: format!("{:032x}", rand::random::<u128>()),
            headers: Vec::new(),
            orders,
            payload: value,
            expect,
        };
        wire.check_size(self.link.max_payload())?;
        append(&self.link, &self.stream, &wire, false).await
    }

    async fn swap(
        &self,
        key: &str,
        value: Bytes,
        last: Revision,
        orders: Vec<(&'static str, String)>,
    ) -> Result<Swap, LogError> {
        Ok(match self.write(key, value, Expect::Last(last), orders).await? {
            Outcome::Stored(seq) | Outcome::AlreadyThere(seq) => Swap::Done(seq),
            Outcome::Conflict(_) => Swap::Lost,
        })
    }
}

#[async_trait]
impl Bucket for Keys {
    async fn get(&self, key: &str) -> Result<Option<BucketEntry>, LogError> {
        Ok(self.last(key).await?.and_then(|record| entry(&self.name, record)))
    }

    async fn entries(&self) -> Result<Vec<BucketEntry>, LogError> {
        let keys = self.keys().await?;
        let reads: Vec<_> = keys.iter().map(|subject| read::last(&self.link, &self.stream, subject)).collect();
        let found: Vec<Option<Stored>> = stream::iter(reads).buffered(READS).try_collect().await?;
        Ok(found.into_iter().flatten().filter_map(|record| entry(&self.name, record)).collect())
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<Revision, LogError> {
        let outcome = self.write(key, value, Expect::Anything, orders(ttl)).await?;
        let (Outcome::Stored(seq) | Outcome::AlreadyThere(seq) | Outcome::Conflict(seq)) = outcome;
        Ok(seq)
    }

    async fn create(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<Swap, LogError> {
        let mut last = 0;
        for _ in 0..TRACES {
            if let done @ Swap::Done(_) = self.swap(key, value.clone(), last, orders(ttl)).await? {
                return Ok(done);
            }
            // The key may only be the trace of one: then that very trace is what is expected.
            last = match self.last(key).await? {
                Some(record) if !is_trace(&record) => return Ok(Swap::Lost),
                found => found.map_or(0, |trace| trace.seq),
            };
        }
        Err(LogError::unavailable(format!("key {key} of bucket {} comes and goes too fast", self.name)))
    }

    async fn update(
        &self,
        key: &str,
        value: Bytes,
        revision: Revision,
        ttl: Option<Duration>,
    ) -> Result<Swap, LogError> {
        self.swap(key, value, revision, orders(ttl)).await
    }

    async fn remove(&self, key: &str, revision: Revision) -> Result<Swap, LogError> {
        let mut orders = orders(Some(TRACE_KEPT));
        orders.push((OPERATION, "DEL".into()));
        self.swap(key, Bytes::new(), revision, orders).await
    }

    async fn watch(&self) -> Result<Box<dyn Watch>, LogError> {
        Ok(Box::new(Watcher::begin(self.link.clone(), &self.stream).await?))
    }
}

/// A page of the subjects in a stream, by the leader's word.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    total: usize,
    state: State,
}

#[derive(Deserialize)]
struct State {
    #[serde(default)]
    subjects: std::collections::BTreeMap<String, u64>,
}

impl Keys {
    /// The subjects of every key, traces included.
    async fn keys(&self) -> Result<Vec<String>, LogError> {
        let mut keys = Vec::new();
        loop {
            let body = json!({ "subjects_filter": format!("{}>", prefix(&self.name)), "offset": keys.len() });
            let page = call::<Page>(&self.link, &format!("STREAM.INFO.{}", self.stream), &body).await?;
            let page = page.map_err(|error| error.about(&format!("bucket {}", self.name)))?;
            let before = keys.len();
            keys.extend(page.state.subjects.into_keys());
            if keys.len() >= page.total || keys.len() == before {
                return Ok(keys);
            }
        }
    }
}

fn entry(bucket: &str, record: Stored) -> Option<BucketEntry> {
    if is_trace(&record) {
        return None;
    }
    let key = record.subject.strip_prefix(&prefix(bucket))?.to_owned();
    Some(BucketEntry { key, value: record.payload, revision: record.seq })
}

/// Whether the record only says that there was a key.
fn is_trace(record: &Stored) -> bool {
    record.header(MARKER).is_some() || record.header(OPERATION).is_some_and(|what| what != "PUT")
}

/// The broker counts lives in whole seconds, at least one: a shorter one is rounded up.
fn orders(ttl: Option<Duration>) -> Vec<(&'static str, String)> {
    ttl.map(|ttl| (TTL, format!("{}s", ttl.as_millis().div_ceil(1_000).max(1)))).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_whole_seconds_and_never_shorter_than_asked() {
        let seconds = |millis| orders(Some(Duration::from_millis(millis)));
        assert_eq!(seconds(0), [(TTL, "1s".to_owned())]);
        assert_eq!(seconds(2_000), [(TTL, "2s".to_owned())]);
        assert_eq!(seconds(2_001), [(TTL, "3s".to_owned())]);
        assert!(orders(None).is_empty());
    }
}
