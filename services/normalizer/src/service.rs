//! The service: one writer that works or stands by, and what keeps it informed.

use std::sync::Arc;
use std::time::Duration;

use hookwheel_log::{Blobs, Log, LogError};
use hookwheel_proto::topology::{DELIVERIES, PLACES};
use hookwheel_runtime::ready::Readiness;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::append::Halt;
use crate::batch::Shared;
use crate::lease;
use crate::meters::{self, Meters};
use crate::options::Options;
use crate::place::PlaceError;
use crate::prepare::Prepare;
use crate::writer::{Trouble, Writer};

/// Pause after a turn that trouble ended.
const AFTER_TROUBLE: Duration = Duration::from_secs(1);
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
    readiness: Readiness,
}

/// Binds to the log.
pub async fn build(options: Options, ports: Ports) -> Result<Service, BuildError> {
    let Ports { log } = ports;
    log.stream(DELIVERIES).await?;
    log.bucket(PLACES).await?;
    let prepare = Prepare::new(Blobs::new(Arc::clone(&log)));
    let shared = Arc::new(Shared { options, log, prepare, meters: Meters::new() });
    Ok(Service { shared, readiness: Readiness::default() })
}

impl Service {
    /// Says how the log is doing under the condition `log` of this readiness, and under `place` whether the kept place
    /// can be worked from.
    #[must_use]
    pub fn reporting_to(mut self, readiness: Readiness) -> Self {
        self.readiness = readiness;
        self
    }

    /// Runs until `stop`; a batch in hand is written down first, unless the log is away. What is not done by then is
    /// done by another normalizer or at the next start.
    pub async fn run(self, stop: CancellationToken) {
        let (mut beside, mut lease) = (JoinSet::new(), JoinSet::new());
        let (shared, (lead, leads), end) = (self.shared, watch::channel(false), CancellationToken::new());
        lease.spawn(lease::hold(Arc::clone(&shared.log), shared.options.lease, lead, end.clone()));
        beside.spawn(meters::watch_depth(Arc::clone(&shared)));
        beside.spawn(watch_over(Arc::clone(&shared.log), self.readiness.clone()));
        work(Writer { shared, readiness: self.readiness, leads, stop, counted: None }).await;
        beside.shutdown().await;
        end.cancel();
        lease.join_all().await;
    }
}

/// Turn after turn, whenever it has the lease.
async fn work(mut writer: Writer) {
    while writer.called().await {
        match writer.turn().await {
            Ok(()) | Err(Trouble::Halt(Halt::Stopped) | Trouble::Place(PlaceError::Halt(Halt::Stopped))) => {}
            Err(cause @ Trouble::Place(PlaceError::Lost)) => tracing::info!("deliveries go on from there: {cause}"),
            Err(cause) => {
                tracing::warn!("deliveries are not normalized: {cause}");
                if let Trouble::Place(cause) = &cause
                    && cause.needs_an_operator()
                {
                    writer.readiness.set("place", Err(cause.to_string()));
                }
                tokio::select! {
                    () = writer.relieved() => {}
                    () = tokio::time::sleep(AFTER_TROUBLE) => {}
                }
            }
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
