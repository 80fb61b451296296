//! The service: takes batches of deliveries, one after the other.

use std::sync::Arc;
use std::time::Duration;

use hookwheel_log::{Blobs, Consumer, Held, Log, LogError};
use hookwheel_proto::topology;
use hookwheel_runtime::ready::Readiness;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::batch::{self, Shared};
use crate::meters::{self, Meters};
use crate::options::Options;
use crate::prepare::Prepare;

/// How long a fetch waits for a delivery before it looks at the world again.
const FETCH_WAIT: Duration = Duration::from_secs(5);
/// Pause after the log refused a fetch.
const LOG_AWAY: Duration = Duration::from_secs(1);
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// What the service stands on.
#[derive(Clone)]
pub struct Ports {
    /// The log.
    pub log: Arc<dyn Log>,
}

/// The service cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The log lacks something that provisioning makes, or is away.
    #[error("failed to bind to the log: {0}")]
    Log(#[from] LogError),
}

/// A built normalizer.
pub struct Service {
    shared: Arc<Shared>,
    consumer: Arc<dyn Consumer>,
    readiness: Readiness,
}

/// Binds to the log.
pub async fn build(options: Options, ports: Ports) -> Result<Service, BuildError> {
    let Ports { log } = ports;
    let consumer = log.consumer(topology::NORMALIZER).await?;
    let prepare = Prepare::new(Blobs::new(Arc::clone(&log)));
    let shared = Arc::new(Shared { options, log, prepare, meters: Meters::new() });
    Ok(Service { shared, consumer, readiness: Readiness::default() })
}

impl Service {
    /// Says how the log is doing under the condition `log` of this readiness.
    #[must_use]
    pub fn reporting_to(mut self, readiness: Readiness) -> Self {
        self.readiness = readiness;
        self
    }

    /// Runs until `stop`; a batch in hand is written down first, unless the log is away. What is not acknowledged by
    /// then comes back to another normalizer or to the next start.
    pub async fn run(self, stop: CancellationToken) {
        let mut beside = JoinSet::new();
        beside.spawn(meters::watch_depth(Arc::clone(&self.consumer), stop.clone()));
        beside.spawn(watch_over(Arc::clone(&self.shared.log), self.readiness.clone()));
        while let Some(batch) = self.fetch(&stop).await {
            batch::handle(&self.shared, batch, &stop).await;
        }
        beside.shutdown().await;
    }

    /// The next deliveries; `None` at a stop. A fetch that the stop interrupts may leave some held; the log hands them
    /// out again.
    async fn fetch(&self, stop: &CancellationToken) -> Option<Vec<Held>> {
        let some = async {
            loop {
                match self.consumer.fetch(self.shared.options.batch, FETCH_WAIT).await {
                    Ok(batch) if batch.is_empty() => {}
                    Ok(batch) => return batch,
                    Err(cause) => {
                        tracing::warn!(%cause, "deliveries cannot be fetched: {cause}");
                        tokio::time::sleep(LOG_AWAY).await;
                    }
                }
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            batch = some => Some(batch),
        }
    }
}

/// Keeps the condition `log` up to date.
async fn watch_over(log: Arc<dyn Log>, readiness: Readiness) {
    loop {
        readiness.set("log", log.check().await.map_err(|cause| cause.to_string()));
        tokio::time::sleep(CHECK_EVERY).await;
    }
}
