//! Configuration snapshots by hash. A snapshot never changes, so it is read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hookwheel_core::ids::SnapshotHash;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_log::{BlobHash, Blobs};

use crate::prepare::Unready;

/// More than the configurations that are in use at once; when full, the cache starts anew.
const KEPT: usize = 256;

pub(crate) struct Snapshots {
    blobs: Blobs,
    kept: Mutex<HashMap<SnapshotHash, Arc<Snapshot>>>,
}

impl Snapshots {
    pub fn new(blobs: Blobs) -> Self {
        Self { blobs, kept: Mutex::default() }
    }

    pub async fn get(&self, hash: &SnapshotHash) -> Result<Arc<Snapshot>, Unready> {
        if let Some(snapshot) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(hash) {
            return Ok(Arc::clone(snapshot));
        }
        let bytes = self.blobs.get(&BlobHash::parse(hash.as_str())?).await?;
        let snapshot = Arc::new(Snapshot::from_bytes(&bytes).map_err(|_| Unready::Snapshot)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(hash.clone(), Arc::clone(&snapshot));
        Ok(snapshot)
    }
}
