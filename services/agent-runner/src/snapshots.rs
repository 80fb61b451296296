//! Configuration snapshots by hash. A snapshot never changes, so it is read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hookwheel_core::ids::SnapshotHash;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_log::{BlobHash, Blobs, LogError};

/// More than the configurations that are in use at once; when full, the cache starts anew.
const KEPT: usize = 256;
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) struct Snapshots {
    blobs: Blobs,
    kept: Mutex<HashMap<SnapshotHash, Arc<Snapshot>>>,
}

/// A snapshot cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    #[error("the run's configuration snapshot cannot be read")]
    Log(#[from] LogError),
    #[error("the run's configuration snapshot was written by another version: {0}")]
    Unreadable(String),
}

impl SnapshotError {
    /// Whether the same call may succeed later. What is missing may only not have reached every replica yet, unless the
    /// request for it is old.
    pub fn may_heal(&self, age_of_request: Duration) -> bool {
        match self {
            Self::Log(LogError::Missing(_)) => age_of_request < PATIENCE,
            Self::Log(cause) => cause.is_transient(),
            Self::Unreadable(_) => false,
        }
    }
}

impl Snapshots {
    pub fn new(blobs: Blobs) -> Self {
        Self { blobs, kept: Mutex::default() }
    }

    pub async fn get(&self, hash: &SnapshotHash) -> Result<Arc<Snapshot>, SnapshotError> {
        if let Some(snapshot) = self.lock().get(hash) {
            return Ok(Arc::clone(snapshot));
        }
        let bytes = self.blobs.get(&BlobHash::parse(hash.as_str())?).await?;
        let snapshot = Snapshot::from_bytes(&bytes).map_err(|cause| SnapshotError::Unreadable(cause.to_string()))?;
        let snapshot = Arc::new(snapshot);
        let mut kept = self.lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(hash.clone(), Arc::clone(&snapshot));
        Ok(snapshot)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SnapshotHash, Arc<Snapshot>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
