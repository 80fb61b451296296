//! Keeping the directory equal to CONFIG: read again whenever the bucket hints at a change, and every 30 s at least.
//!
//! Secrets are read and opened here too, so a rotated file is seen within that time, and no request ever waits for one.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use hookwheel_core::Timestamp;
use hookwheel_log::{Blobs, BucketEntry, Log, LogError, Watch};
use hookwheel_proto::topology::CONFIG;
use hookwheel_runtime::clock::now_micros;
use hookwheel_runtime::ready::Readiness;

use super::directory::WEBHOOK;
use super::{Directory, KeyOptions, Keys, secrets};

const RETRY: Duration = Duration::from_secs(1);

/// The directory of this moment; nothing before CONFIG could be read for the first time.
pub(crate) type Current = Arc<ArcSwapOption<Directory>>;

/// The one task that writes [`Current`].
pub(crate) struct Keeper {
    log: Arc<dyn Log>,
    current: Current,
    readiness: Readiness,
    /// Taken away while they are in use.
    keys: Option<Keys>,
    key_options: KeyOptions,
    /// As told last; each is told once.
    troubles: Vec<String>,
}

impl Keeper {
    pub(crate) fn new(log: Arc<dyn Log>, current: Current, readiness: Readiness, key_options: KeyOptions) -> Self {
        readiness.set("config", Err("CONFIG has not been read yet".into()));
        Self { log, current, readiness, keys: None, key_options, troubles: Vec::new() }
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
            self.take(entries).await;
            watch.changed().await?;
        }
    }

    /// A delivery names its snapshot by hash, and blobs age: one that is in use is stored again when it has gone.
    async fn keep_snapshots(&self, entries: &[BucketEntry]) -> Result<(), LogError> {
        let blobs = Blobs::new(Arc::clone(&self.log));
        for entry in entries.iter().filter(|entry| entry.key.starts_with(WEBHOOK)) {
            blobs.put(entry.value.clone()).await?;
        }
        Ok(())
    }

    async fn take(&mut self, entries: Vec<BucketEntry>) {
        let before = self.current.load_full();
        let (had, mut keys) = (before.clone(), self.keys.take().unwrap_or_else(|| Keys::new(&self.key_options)));
        // A command may be asked for the master keys, and a file may be on a slow disk.
        let read = tokio::task::spawn_blocking(move || {
            keys.begin_round();
            let now = Timestamp::from_micros(now_micros());
            (Directory::read(&entries, had.as_deref(), &mut keys, now), keys)
        });
        let Ok(((directory, troubles), keys)) = read.await else { return };
        self.keys = Some(keys);
        if let Some(before) = &before {
            before.without(&directory).for_each(secrets::forget);
        }
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
