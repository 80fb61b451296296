//! The table of configured webhooks: a mirror of CONFIG, which is the truth.

use hookwheel_core::snapshot::Snapshot;
use hookwheel_log::{BucketEntry, LogError, Revision};
use hookwheel_proto::topology::CONFIG;
use hookwheel_store::StoreError;
use tokio_util::sync::CancellationToken;

use super::patience::Patience;
use crate::Ports;

const CONDITION: &str = "projector.webhooks";
const PREFIX: &str = "webhook.";

/// Either side failed; the mirror is tried again.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps the mirror until `stop`.
pub(crate) async fn mirror(ports: Ports, stop: CancellationToken) {
    let mut patience = Patience::new();
    while !stop.is_cancelled() {
        if let Err(cause) = follow(&ports, &stop, &mut patience).await {
            tracing::warn!(%cause, "the list of webhooks may be old: {cause}");
            ports.readiness.set(CONDITION, Err(format!("the list of webhooks may be old: {cause}")));
            patience.wait(&stop).await;
        }
    }
}

async fn follow(ports: &Ports, stop: &CancellationToken, patience: &mut Patience) -> Result<(), Failure> {
    let config = ports.log.bucket(CONFIG).await?;
    let mut watch = config.watch().await?;
    let mut shown: Option<Vec<(String, Revision)>> = None;
    loop {
        let entries = config.entries().await?;
        let state = Some(entries.iter().map(|entry| (entry.key.clone(), entry.revision)).collect());
        if shown != state {
            ports.store.set_webhooks(&snapshots(&entries)).await?;
            shown = state;
        }
        ports.readiness.set(CONDITION, Ok(()));
        patience.renew();
        tokio::select! {
            changed = watch.changed() => changed?,
            () = stop.cancelled() => return Ok(()),
        }
    }
}

fn snapshots(entries: &[BucketEntry]) -> Vec<Snapshot> {
    let webhooks = entries.iter().filter(|entry| entry.key.starts_with(PREFIX));
    let read = webhooks.filter_map(|entry| match Snapshot::from_bytes(&entry.value) {
        Ok(snapshot) => Some(snapshot),
        Err(_) => {
            tracing::warn!(key = entry.key, "CONFIG's {} is not a webhook this version can read", entry.key);
            None
        }
    });
    read.collect()
}
