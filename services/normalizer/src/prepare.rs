//! From a stored record to a plan: read the delivery, fetch its configuration and body, translate.

use bytes::Bytes;
use hookwheel_core::delivery::{Body, DeliveryReceived};
use hookwheel_core::snapshot::Snapshot;
use hookwheel_log::{Append, BlobHash, Blobs, LogError, Stored};
use hookwheel_proto::{DecodeError, Fact, decode, record};
use hookwheel_runtime::trace;
use tokio_util::sync::CancellationToken;

use crate::append::Pause;
use crate::plan::{Plan, normalize};
use crate::snapshots::Snapshots;

/// Why there is no plan for a record. Says whose move is next.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unready {
    #[error("{0}; its bytes stay in the log")]
    Unreadable(#[from] DecodeError),
    #[error("a record that is no delivery is in the stream of deliveries")]
    Foreign,
    #[error("a record of kind {0} is not for this version: upgrade the normalizer")]
    Newer(String),
    #[error("its configuration snapshot was written by another version: upgrade the normalizer")]
    Snapshot,
    #[error("{0}")]
    Log(#[from] LogError),
    #[error("translating it panicked: a bug of this version")]
    Panicked,
    #[error("every process that took it in hand has ended: a bug of this version")]
    Deadly,
    #[error("stopping while the log is away")]
    Stopped,
}

/// A delivery with its plan, ready to be written down.
pub(crate) struct Work {
    pub plan: Plan,
    /// The webhook's slug.
    pub webhook: String,
    /// The source profile, if there is one of that name.
    pub source: Option<&'static str>,
    /// Whether the sender proved itself.
    pub verified: bool,
    traceparent: Option<String>,
}

/// What preparing stands on.
pub(crate) struct Prepare {
    blobs: Blobs,
    snapshots: Snapshots,
}

impl Prepare {
    pub fn new(blobs: Blobs) -> Self {
        Self { snapshots: Snapshots::new(blobs.clone()), blobs }
    }

    /// Waits for a log that is away, until `stop`.
    pub async fn prepare(&self, record: &Stored, stop: &CancellationToken) -> Result<Work, Unready> {
        let delivery = match decode(record)? {
            Fact::DeliveryReceived(delivery) => delivery,
            Fact::Unknown { kind: Some(kind) } => return Err(Unready::Newer(kind)),
            _ => return Err(Unready::Foreign),
        };
        let mut pause = Pause::default();
        loop {
            match self.work(&delivery).await {
                Err(Unready::Log(cause)) if cause.is_transient() => {
                    if !pause.wait(&cause, stop).await {
                        return Err(Unready::Stopped);
                    }
                }
                result => return result,
            }
        }
    }

    async fn work(&self, delivery: &DeliveryReceived) -> Result<Work, Unready> {
        let snapshot = self.snapshots.get(&delivery.snapshot).await?;
        let mut plan = match &delivery.body {
            Body::Inline(body) => normalize(delivery, body, &snapshot),
            Body::Blob { sha256, .. } => {
                let body = self.blobs.get(&BlobHash::parse(sha256)?).await?;
                normalize_aside(delivery.clone(), body, (*snapshot).clone()).await?
            }
        };
        let traceparent = trace::current_traceparent().or_else(|| delivery.traceparent.clone());
        for request in &mut plan.requests {
            request.traceparent.clone_from(&traceparent);
        }
        Ok(Work {
            plan,
            webhook: snapshot.webhook.slug.to_string(),
            source: hookwheel_sources::source(&delivery.source).map(|source| source.name()),
            verified: delivery.proof.scheme != "none",
            traceparent,
        })
    }
}

/// A long body takes a while to read; that happens where nobody else waits.
async fn normalize_aside(delivery: DeliveryReceived, body: Bytes, snapshot: Snapshot) -> Result<Plan, Unready> {
    let translate = move || normalize(&delivery, &body, &snapshot);
    tokio::task::spawn_blocking(translate).await.map_err(|_| Unready::Panicked)
}

impl Work {
    pub fn requests(&self) -> Vec<Append> {
        self.plan.requests.iter().map(record::run_requested).collect()
    }

    /// One for each request. A repeat of the delivery repeats the wake under the same id, which is harmless: the first
    /// one was stored after its request.
    pub fn wakes(&self) -> Vec<Append> {
        let wake = |id: String, session| record::wake(session, &id, self.traceparent.as_deref());
        self.plan.requests.iter().map(|request| wake(format!("{}:wake", request.run), &request.session)).collect()
    }

    pub fn outcome(&self) -> Vec<Append> {
        vec![record::traced(record::delivery_outcome(&self.plan.outcome), self.traceparent.as_deref())]
    }
}
