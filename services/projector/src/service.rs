//! The parts put together, started and drained.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hookwheel_log::Log;
use hookwheel_proto::topology;
use hookwheel_runtime::ready::Readiness;
use hookwheel_store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::fold::{Follower, Rebuilding, lead, webhooks};
use crate::{KeyError, Keys, Options, api};

/// The streams that are folded, each by a follower of its own.
const STREAMS: [&str; 4] = [topology::DELIVERIES, topology::EVENTS, topology::RUNS, topology::NOTICES];

/// How often the log is asked whether it keeps its promises.
const CHECK_EVERY: Duration = Duration::from_secs(10);

/// How long requests in hand may take after a drain has begun.
const DRAIN: Duration = Duration::from_secs(10);

/// What the projector needs.
#[derive(Clone)]
pub struct Ports {
    /// Where facts come from.
    pub log: Arc<dyn Log>,
    /// Where rows go. Its tables exist already (`Store::migrate`).
    pub store: Arc<dyn Store>,
    /// Where it says how it is doing.
    pub readiness: Readiness,
}

/// Why it cannot start. All are the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Everyone could read everything.
    #[error("the API would listen on {0} without a key; give key files with --api-keys, or listen on 127.0.0.1")]
    Exposed(SocketAddr),
    /// A key file.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The port.
    #[error("cannot listen on {address}: {cause}; choose another address with --listen")]
    Listen {
        /// The wanted address.
        address: SocketAddr,
        /// Why not.
        cause: std::io::Error,
    },
}

/// Why it ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The API's socket broke.
    #[error("the API has stopped: {0}")]
    Api(#[source] std::io::Error),
}

/// A projector with its port bound, not yet working.
pub struct Service {
    listener: TcpListener,
    address: SocketAddr,
    keys: Keys,
    ports: Ports,
}

/// Checks the options and binds the port.
pub async fn build(options: Options, ports: Ports) -> Result<Service, BuildError> {
    let keys = Keys::load(&options.api_keys)?;
    if keys.is_empty() && !options.listen.ip().is_loopback() {
        return Err(BuildError::Exposed(options.listen));
    }
    let cannot = |cause| BuildError::Listen { address: options.listen, cause };
    let listener = TcpListener::bind(options.listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    Ok(Service { listener, address, keys, ports })
}

impl Service {
    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Folds and answers until `stop`, then finishes the batches and requests in hand.
    pub async fn run(self, stop: CancellationToken) -> Result<(), RunError> {
        let mut folding = start_folding(&self.ports, &stop);
        let router = api::router(&self.ports, self.keys);
        let served = serve(self.listener, router, stop.clone()).await;
        stop.cancel();
        while folding.join_next().await.is_some() {}
        served.map_err(RunError::Api)
    }
}

/// Empties the tables. Every running projector notices within seconds and folds the log from its start again, as far
/// back as the log reaches; rows of what the log no longer holds are gone.
pub async fn rebuild(store: &dyn Store) -> Result<(), StoreError> {
    store.reset().await?;
    tracing::info!("the tables were emptied; they are rebuilt from the start of the log");
    Ok(())
}

fn start_folding(ports: &Ports, stop: &CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let (leads, lead) = watch::channel(false);
    tasks.spawn(watch_over(ports.log.clone(), ports.readiness.clone(), stop.clone()));
    tasks.spawn(lead::hold(ports.log.clone(), leads, stop.clone()));
    tasks.spawn(webhooks::mirror(ports.clone(), stop.clone()));
    let rebuilding = Rebuilding::default();
    for stream in STREAMS {
        let follower = Follower::new(ports.clone(), stream, lead.clone(), rebuilding.clone());
        tasks.spawn(follower.run(stop.clone()));
    }
    tasks
}

/// Keeps the condition `log` up to date.
async fn watch_over(log: Arc<dyn Log>, readiness: Readiness, stop: CancellationToken) {
    while !stop.is_cancelled() {
        readiness.set("log", log.check().await.map_err(|cause| cause.to_string()));
        tokio::select! {
            () = tokio::time::sleep(CHECK_EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn serve(listener: TcpListener, router: axum::Router, stop: CancellationToken) -> std::io::Result<()> {
    let server = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = server => ended,
        () = overdue => Ok(()),
    }
}
