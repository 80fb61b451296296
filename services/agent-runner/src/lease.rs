//! A session's lease: keeps other workers from trying in vain. An optimisation only; the journal decides who owns a run.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookwheel_log::{Bucket, LogError, Revision, Swap};
use tokio::sync::Mutex;

pub(crate) struct Lease {
    bucket: Arc<dyn Bucket>,
    key: String,
    owner: Bytes,
    ttl: Duration,
    /// `None` once it is lost or given back.
    revision: Mutex<Option<Revision>>,
}

impl Lease {
    /// Takes the lease, or `None` when somebody has it.
    pub async fn take(
        bucket: &Arc<dyn Bucket>,
        key: String,
        owner: &str,
        ttl: Duration,
    ) -> Result<Option<Self>, LogError> {
        let owner = Bytes::copy_from_slice(owner.as_bytes());
        Ok(match bucket.create(&key, owner.clone(), Some(ttl)).await? {
            Swap::Done(revision) => {
                Some(Self { bucket: Arc::clone(bucket), key, owner, ttl, revision: Mutex::new(Some(revision)) })
            }
            Swap::Lost => None,
        })
    }

    /// Begins its time anew. False when somebody else has it by now.
    pub async fn renew(&self) -> Result<bool, LogError> {
        let mut revision = self.revision.lock().await;
        let Some(held) = *revision else { return Ok(false) };
        *revision = match self.bucket.update(&self.key, self.owner.clone(), held, Some(self.ttl)).await? {
            Swap::Done(renewed) => Some(renewed),
            Swap::Lost => None,
        };
        Ok(revision.is_some())
    }

    /// Gives it back. Should that fail, it expires.
    pub async fn release(&self) {
        if let Some(revision) = self.revision.lock().await.take() {
            let _ = self.bucket.remove(&self.key, revision).await;
        }
    }
}
