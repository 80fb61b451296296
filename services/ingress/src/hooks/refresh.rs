//! Keeping the directory equal to CONFIG: read again whenever the bucket hints at a change, and every 30 s at least.
//!
//! Secrets are read here too, so a rotated file is seen within that time, and no request ever waits for a file.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use hookwheel_log::{Blobs, Log, LogError, Watch};
use hookwheel_proto::topology::CONFIG;
use hookwheel_runtime::ready::Readiness;

use super::Directory;

const RETRY: Duration = Duration::from_secs(1);

/// The directory of this moment; nothing before CONFIG could be read for the first time.
pub(crate) type Current = Arc<ArcSwapOption<Directory>>;

/// The one task that writes [`Current`].
pub(crate) struct Keeper {
    log: Arc<dyn Log>,
    current: Current,
    readiness: Readiness,
    /// As told last; each is told once.
    troubles: Vec<String>,
}

impl Keeper {
    pub(crate) fn new(log: Arc<dyn Log>, current: Current, readiness: Readiness) -> Self {
        readiness.set("config", Err("CONFIG has not been read yet".into()));
        Self { log, current, readiness, troubles: Vec::new() }
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(mut self) {
        loop {
            if let Err(cause) = self.follow().await {
                tracing::warn!(%cause, "failed to follow CONFIG: {cause}; the webhooks known so far stay");
                if self.current.load().is_none() {
                    self.readiness.set("config", Err(format!("CONFIG cannot be read: {cause}")));
                }
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    async fn follow(&mut self) -> Result<(), LogError> {
        let bucket = self.log.bucket(CONFIG).await?;
        // The watch comes first, so that no change falls between the two.
        let mut watch: Box<dyn Watch> = bucket.watch().await?;
        loop {
            let entries = bucket.entries().await?;
            self.keep_snapshots(&entries).await?;
            self.take(&entries);
            watch.changed().await?;
        }
    }

    /// A delivery names its snapshot by hash, and blobs age: one that is in use is stored again when it has gone.
    async fn keep_snapshots(&self, entries: &[hookwheel_log::BucketEntry]) -> Result<(), LogError> {
        let blobs = Blobs::new(Arc::clone(&self.log));
        for entry in entries {
            blobs.put(entry.value.clone()).await?;
        }
        Ok(())
    }

    fn take(&mut self, entries: &[hookwheel_log::BucketEntry]) {
        let before = self.current.load_full();
        let (directory, troubles) = Directory::read(entries, before.as_deref());
        if troubles != self.troubles {
            for trouble in &troubles {
                tracing::error!("{trouble}; deliveries that need it are answered 503 until it is mended");
            }
            self.troubles = troubles;
        }
        if before.is_none_or(|b| b.len() != directory.len()) {
            tracing::info!(webhooks = directory.len(), "serving {} webhooks", directory.len());
        }
        self.current.store(Some(Arc::new(directory)));
        self.readiness.set("config", Ok(()));
    }
}
