//! A bucket's handle: reads come from memory, writes go through the writer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Open;
use super::clock::now_micros;
use super::fault::closed;
use super::keys::{Guard, Write};
use crate::{Bucket, BucketEntry, LogError, Revision, Subject, Swap, Watch};

/// A watcher is told to look again after this long in any case.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// One bucket.
pub struct Handle {
    open: Arc<Open>,
    shelf: usize,
}

impl Handle {
    /// A handle on the bucket with this index.
    pub fn new(open: Arc<Open>, shelf: usize) -> Self {
        Self { open, shelf }
    }

    async fn write(
        &self,
        key: &str,
        value: Option<Bytes>,
        ttl: Option<Duration>,
        guard: Guard,
    ) -> Result<Swap, LogError> {
        if Subject::new(key).is_err() {
            return Err(LogError::Invalid { what: "key", why: "tokens of [A-Za-z0-9_-] joined by dots".into() });
        }
        self.open.queue.write(self.shelf, Write { key: key.into(), value, ttl, guard }).await
    }
}

#[async_trait]
impl Bucket for Handle {
    async fn get(&self, key: &str) -> Result<Option<BucketEntry>, LogError> {
        Ok(self.open.live.shelves[self.shelf].keys().get(key, now_micros()))
    }

    async fn entries(&self) -> Result<Vec<BucketEntry>, LogError> {
        Ok(self.open.live.shelves[self.shelf].keys().entries(now_micros()))
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<Revision, LogError> {
        match self.write(key, Some(value), ttl, Guard::Anything).await? {
            Swap::Done(revision) => Ok(revision),
            Swap::Lost => Err(LogError::unavailable("an unconditional write was lost")),
        }
    }

    async fn create(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<Swap, LogError> {
        self.write(key, Some(value), ttl, Guard::Absent).await
    }

    async fn update(
        &self,
        key: &str,
        value: Bytes,
        revision: Revision,
        ttl: Option<Duration>,
    ) -> Result<Swap, LogError> {
        self.write(key, Some(value), ttl, Guard::Revision(revision)).await
    }

    async fn remove(&self, key: &str, revision: Revision) -> Result<Swap, LogError> {
        self.write(key, None, None, Guard::Revision(revision)).await
    }

    async fn watch(&self) -> Result<Box<dyn Watch>, LogError> {
        let changes = self.open.live.shelves[self.shelf].revision.subscribe();
        Ok(Box::new(Watcher { changes, closed: self.open.closed.clone() }))
    }
}

struct Watcher {
    changes: watch::Receiver<Revision>,
    closed: CancellationToken,
}

#[async_trait]
impl Watch for Watcher {
    async fn changed(&mut self) -> Result<(), LogError> {
        tokio::select! {
            changed = self.changes.changed() => changed.map_err(|_| closed()),
            () = self.closed.cancelled() => Err(closed()),
            () = tokio::time::sleep(LOOK_AGAIN) => Ok(()),
        }
    }
}
