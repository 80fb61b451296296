//! The service: fetches wakes, at most as many as there are free workers, and has each looked after.

use std::sync::Arc;
use std::time::Duration;

use hookwheel_agent::Tool;
use hookwheel_core::time::Timestamp;
use hookwheel_log::{Consumer, Held, Log, LogError};
use hookwheel_proto::topology;
use hookwheel_runtime::clock;
use hookwheel_runtime::ready::Readiness;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::options::Options;
use crate::shared::Shared;
use crate::{admission, sweeper, telemetry, wake};

/// How long a fetch waits for a wake before it looks at the world again.
const FETCH_WAIT: Duration = Duration::from_secs(5);
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// Pause after the log refused a fetch.
const LOG_AWAY: Duration = Duration::from_secs(1);

/// What the service stands on.
#[derive(Clone)]
pub struct Ports {
    /// The log.
    pub log: Arc<dyn Log>,
    /// What time it is.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Ports {
    /// On this log, with the system's clock.
    pub fn new(log: Arc<dyn Log>) -> Self {
        Self { log, clock: Arc::new(|| Timestamp::from_micros(clock::now_micros())) }
    }
}

/// The service cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The log lacks something that provisioning makes, or is away.
    #[error("failed to bind to the log")]
    Log(#[from] LogError),
}

/// A built agent-runner.
pub struct Service {
    shared: Shared,
    consumer: Arc<dyn Consumer>,
    readiness: Readiness,
}

/// Binds to the log.
pub async fn build(options: Options, ports: Ports) -> Result<Service, BuildError> {
    let consumer = ports.log.consumer(topology::AGENT_RUNNER).await?;
    let leases = ports.log.bucket(topology::LEASES).await?;
    let config = ports.log.bucket(topology::CONFIG).await?;
    Ok(Service { shared: Shared::new(options, ports, leases, config), consumer, readiness: Readiness::default() })
}

impl Service {
    /// With one more tool beside the built-in ones.
    #[must_use]
    pub fn with_tool(mut self, tool: impl Tool + 'static) -> Self {
        self.shared.toolbox = self.shared.toolbox.with(tool);
        self
    }

    /// Says how the log is doing under the condition `log` of this readiness.
    #[must_use]
    pub fn reporting_to(mut self, readiness: Readiness) -> Self {
        self.readiness = readiness;
        self
    }

    /// Runs until `stop`, then lets calls in progress end (at most the grace period) and returns. Runs stop between two
    /// steps; their wakes go back to the log at once, so that another worker goes on.
    pub async fn run(self, stop: CancellationToken) {
        let shared = Arc::new(self.shared);
        telemetry::announce(shared.options.workers);
        let mut beside = JoinSet::new();
        beside.spawn(sweeper::run(Arc::clone(&shared), stop.clone()));
        beside.spawn(admission::watch(Arc::clone(&shared), stop.clone()));
        beside.spawn(telemetry::watch_depth(Arc::clone(&self.consumer), stop.clone()));
        beside.spawn(watch_over(Arc::clone(&shared.log), self.readiness));
        let mut working = JoinSet::new();
        let slots = Arc::new(Semaphore::new(shared.options.workers));
        while let Some((wakes, permits)) = fetch(&*self.consumer, &slots, &stop).await {
            for (held, permit) in wakes.into_iter().zip(permits) {
                let (shared, stop) = (Arc::clone(&shared), stop.clone());
                working.spawn(async move {
                    wake::handle(&shared, held, &stop).await;
                    drop(permit);
                });
            }
            while let Some(ended) = working.try_join_next() {
                complain(ended);
            }
        }
        drain(working, shared.options.grace).await;
        beside.shutdown().await;
    }
}

/// Some wakes, each with the right to be worked on. `None` at a stop. A fetch that the stop interrupts may leave a wake
/// held; the log hands it out again.
async fn fetch(
    consumer: &dyn Consumer,
    slots: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(Vec<Held>, Vec<OwnedSemaphorePermit>)> {
    let work = async {
        loop {
            let first = Arc::clone(slots).acquire_owned().await.ok()?;
            let rest = std::iter::from_fn(|| Arc::clone(slots).try_acquire_owned().ok());
            let permits: Vec<_> = std::iter::once(first).chain(rest).collect();
            match consumer.fetch(permits.len(), FETCH_WAIT).await {
                Ok(wakes) if wakes.is_empty() => {}
                Ok(wakes) => return Some((wakes, permits)),
                Err(cause) => {
                    tracing::warn!(%cause, "wakes cannot be fetched: {cause}");
                    tokio::time::sleep(LOG_AWAY).await;
                }
            }
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        fetched = work => fetched,
    }
}

/// Keeps the condition `log` up to date.
async fn watch_over(log: Arc<dyn Log>, readiness: Readiness) {
    loop {
        readiness.set("log", log.check().await.map_err(|cause| cause.to_string()));
        tokio::time::sleep(CHECK_EVERY).await;
    }
}

async fn drain(mut working: JoinSet<()>, grace: Duration) {
    let ended = async {
        while let Some(ended) = working.join_next().await {
            complain(ended);
        }
    };
    if tokio::time::timeout(grace, ended).await.is_err() {
        let left = working.len();
        tracing::warn!(
            left,
            "{left} runs did not come to a step's end within {} s and are left to the next worker",
            grace.as_secs()
        );
    }
    working.shutdown().await;
}

fn complain(ended: Result<(), tokio::task::JoinError>) {
    if let Err(cause) = ended
        && cause.is_panic()
    {
        tracing::error!("a worker panicked; its wake comes back and the run is taken up again");
    }
}
