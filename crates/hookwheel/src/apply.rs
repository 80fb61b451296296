//! Putting a configuration on the log, where the services find it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::SecretRef;
use hookwheel_log::{Blobs, Bucket, BucketEntry, Log, LogError, Swap};
use hookwheel_proto::topology;
use serde::Serialize;

use crate::sealed::Sealed;

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
    /// Webhooks whose sealed secret has other versions now.
    pub secrets: Vec<String>,
}

impl Applied {
    /// Whether the log had to be written.
    pub fn is_change(&self) -> bool {
        let lists = [&self.added, &self.changed, &self.removed, &self.secrets];
        lists.iter().any(|list| !list.is_empty())
    }
}

/// Makes CONFIG hold exactly these webhooks and their sealed secrets. Idempotent; safe to repeat after any failure.
///
/// A secret is there before the webhook that needs it. It has a key of its own, so that a rotation changes neither the
/// snapshot nor the hash under which deliveries name it.
///
/// Each snapshot is stored as a blob before its key points to it, and stored again when nothing changed: blobs have an
/// age, and a configuration may outlive it.
pub async fn apply(log: &Arc<dyn Log>, snapshots: &[Snapshot], sealed: &Sealed) -> Result<Applied, LogError> {
    let blobs = Blobs::new(Arc::clone(log));
    let bucket = log.bucket(topology::CONFIG).await?;
    let (mut present, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    for entry in bucket.entries().await? {
        let kind = if entry.key.starts_with(WEBHOOK) { &mut present } else { &mut secrets };
        kind.insert(entry.key.clone(), entry);
    }
    let mut applied = Applied::default();
    for Snapshot { webhook, .. } in snapshots.iter().filter(|one| one.webhook.secrets.contains(&SecretRef::Sealed)) {
        let key = topology::secret_key(&webhook.id);
        let before = secrets.remove(&key);
        // A file that was left behind takes nobody's secret away; revoking does.
        let Some(versions) = sealed.get(&webhook.id) else { continue };
        let bytes = Bytes::from(serde_json::to_vec(versions).unwrap_or_default());
        if swap(bucket.as_ref(), &key, bytes, before).await? {
            applied.secrets.push(webhook.slug.to_string());
        }
    }
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
    for (key, entry) in present.into_iter().chain(secrets.into_iter().filter(|(key, _)| key.starts_with(SECRET))) {
        if bucket.remove(&key, entry.revision).await? == Swap::Lost {
            return Err(LogError::unavailable(MEANWHILE));
        }
        applied.removed.extend(key.strip_prefix(WEBHOOK).map(str::to_owned));
    }
    Ok(applied)
}

const WEBHOOK: &str = "webhook.";
const SECRET: &str = "secret.";
const MEANWHILE: &str = "another process changed the configuration meanwhile";

/// Writes a key over what was read there and nothing else. Says whether it had to.
async fn swap(bucket: &dyn Bucket, key: &str, value: Bytes, before: Option<BucketEntry>) -> Result<bool, LogError> {
    let swapped = match before {
        Some(entry) if entry.value == value => return Ok(false),
        Some(entry) => bucket.update(key, value, entry.revision, None).await?,
        None => bucket.create(key, value, None).await?,
    };
    if swapped == Swap::Lost { Err(LogError::unavailable(MEANWHILE)) } else { Ok(true) }
}
