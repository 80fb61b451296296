//! Which of several normalizers works. Only so that they don't all do the same work: the place is what keeps them right,
//! so a lease that is lost, late or held twice does no harm.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookwheel_log::{Log, LogError, Revision, Swap};
use hookwheel_proto::topology::{LEASES, NORMALIZER};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Tries to get the lease and to keep it, and tells whether it is held. Gives it back at `end`.
pub(crate) async fn hold(log: Arc<dyn Log>, life: Duration, leads: watch::Sender<bool>, end: CancellationToken) {
    let me = Bytes::from(uuid::Uuid::now_v7().to_string());
    let mut held = None;
    while !end.is_cancelled() {
        match turn(&*log, &me, life, held).await {
            Ok(swap) => held = swap,
            Err(cause) => tracing::debug!(%cause, "the normalizer's lease could not be renewed: {cause}"),
        }
        leads.send_if_modified(|lead| std::mem::replace(lead, held.is_some()) != held.is_some());
        tokio::select! {
            () = tokio::time::sleep(life / 3) => {}
            () = end.cancelled() => {}
        }
    }
    if let Some(revision) = held
        && let Err(cause) = give_back(&*log, revision).await
    {
        tracing::debug!(%cause, "the normalizer's lease was left to run out: {cause}");
    }
}

/// The lease's revision while it is ours.
async fn turn(log: &dyn Log, me: &Bytes, life: Duration, held: Option<Revision>) -> Result<Option<Revision>, LogError> {
    let leases = log.bucket(LEASES).await?;
    let swap = match held {
        Some(revision) => leases.update(NORMALIZER, me.clone(), revision, Some(life)).await?,
        None => leases.create(NORMALIZER, me.clone(), Some(life)).await?,
    };
    Ok(match swap {
        Swap::Done(revision) => Some(revision),
        Swap::Lost => None,
    })
}

async fn give_back(log: &dyn Log, revision: Revision) -> Result<(), LogError> {
    log.bucket(LEASES).await?.remove(NORMALIZER, revision).await.map(drop)
}
