//! Which of several projectors folds. Only so that they don't all do the same work: the tables' checkpoint is what keeps
//! them right, so a lease that is lost, late or held twice does no harm.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookwheel_log::{Bucket, Log, LogError, Revision, Swap};
use hookwheel_proto::topology::LEASES;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const KEY: &str = "projector";
const LIFE: Duration = Duration::from_secs(15);
const RENEWAL: Duration = Duration::from_secs(5);

/// Tries to get the lease and to keep it; tells the followers whether they have it. Gives it back at `stop`.
pub(crate) async fn hold(log: Arc<dyn Log>, leads: watch::Sender<bool>, stop: CancellationToken) {
    let me = Bytes::from(uuid::Uuid::now_v7().to_string());
    let mut held = None;
    while !stop.is_cancelled() {
        match turn(&*log, &me, held).await {
            Ok(swap) => held = swap,
            Err(cause) => tracing::debug!(%cause, "the projector's lease could not be renewed: {cause}"),
        }
        leads.send_if_modified(|lead| std::mem::replace(lead, held.is_some()) != held.is_some());
        tokio::select! {
            () = tokio::time::sleep(RENEWAL) => {}
            () = stop.cancelled() => {}
        }
    }
    if let Some(revision) = held
        && let Err(cause) = give_back(&*log, revision).await
    {
        tracing::debug!(%cause, "the projector's lease was left to run out: {cause}");
    }
}

/// The lease's revision while it is ours.
async fn turn(log: &dyn Log, me: &Bytes, held: Option<Revision>) -> Result<Option<Revision>, LogError> {
    let leases: Arc<dyn Bucket> = log.bucket(LEASES).await?;
    let swap = match held {
        Some(revision) => leases.update(KEY, me.clone(), revision, Some(LIFE)).await?,
        None => leases.create(KEY, me.clone(), Some(LIFE)).await?,
    };
    Ok(match swap {
        Swap::Done(revision) => Some(revision),
        Swap::Lost => None,
    })
}

async fn give_back(log: &dyn Log, revision: Revision) -> Result<(), LogError> {
    log.bucket(LEASES).await?.remove(KEY, revision).await.map(drop)
}
