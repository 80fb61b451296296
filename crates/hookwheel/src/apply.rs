//! Putting a configuration on the log, where the services find it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_log::{Blobs, BucketEntry, Log, LogError, Swap};
use hookwheel_proto::topology;
use serde::Serialize;

/// What applying a configuration changed, by slug or, for what was removed, by public id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// New webhooks.
    pub added: Vec<String>,
    /// Webhooks whose snapshot is another one now.
    pub changed: Vec<String>,
    /// Webhooks that were as they should be.
    pub unchanged: Vec<String>,
    /// Webhooks that are gone.
    pub removed: Vec<String>,
}

impl Applied {
    /// Whether the log had to be written.
    pub fn is_change(&self) -> bool {
        !(self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty())
    }
}

/// Makes CONFIG hold exactly these webhooks. Idempotent; safe to repeat after any failure.
///
/// Each snapshot is stored as a blob before its key points to it, and stored again when nothing changed: blobs have an
/// age, and a configuration may outlive it.
pub async fn apply(log: &Arc<dyn Log>, snapshots: &[Snapshot]) -> Result<Applied, LogError> {
    let blobs = Blobs::new(Arc::clone(log));
    let bucket = log.bucket(topology::CONFIG).await?;
    let mut present = webhooks(bucket.entries().await?);
    let mut applied = Applied::default();
    for snapshot in snapshots {
        let (key, bytes) = (topology::webhook_key(&snapshot.webhook.id), Bytes::from(snapshot.to_bytes()));
        let slug = snapshot.webhook.slug.to_string();
        blobs.put(bytes.clone()).await?;
        match present.remove(&key) {
            Some(entry) if entry.value == bytes => applied.unchanged.push(slug),
            Some(_) => {
                bucket.put(&key, bytes, None).await?;
                applied.changed.push(slug);
            }
            None => {
                bucket.put(&key, bytes, None).await?;
                applied.added.push(slug);
            }
        }
    }
    for (key, entry) in present {
        if bucket.remove(&key, entry.revision).await? == Swap::Lost {
            return Err(LogError::unavailable("another process changed the configuration meanwhile"));
        }
        applied.removed.push(key.trim_start_matches(WEBHOOK).to_owned());
    }
    Ok(applied)
}

const WEBHOOK: &str = "webhook.";

fn webhooks(entries: Vec<BucketEntry>) -> BTreeMap<String, BucketEntry> {
    entries.into_iter().filter(|e| e.key.starts_with(WEBHOOK)).map(|e| (e.key.clone(), e)).collect()
}
