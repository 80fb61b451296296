//! The four services, built for this process and handed to it as tasks.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use hookwheel_core::Timestamp;
use hookwheel_log::Log;
use hookwheel_runtime::clock;
use hookwheel_runtime::ready::Readiness;
use hookwheel_store::Store;
use tokio_util::sync::CancellationToken;
use {hookwheel_agent_runner as runner, hookwheel_ingress as ingress, hookwheel_normalizer as normalizer};
use {hookwheel_projector as projector, hookwheel_projector::Ports as ProjectorPorts};

use super::parts::Parts;
use crate::config::{Process, Profile};
use crate::exit::{Failure, chain};

/// How often rows that are old enough go.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// Built and bound, not yet working.
pub struct Services {
    ingress: ingress::Service,
    normalizer: normalizer::Service,
    runner: runner::Service,
    projector: projector::Service,
    store: Arc<dyn Store>,
    keep_rows: Duration,
}

impl Services {
    /// Binds the ports and the log's consumers.
    pub async fn build(process: &Process, log: &Arc<dyn Log>, store: Arc<dyn Store>) -> Result<Self, Failure> {
        let intake = process.server.intake;
        let keys = process.sealing.keys.clone().map(ingress::KeyOptions::from).unwrap_or_default();
        let trusted_proxies = process.server.trusted_proxies.clone();
        let options = ingress::Options { listen: intake, trusted_proxies, keys, ..Default::default() };
        let ingress = ingress::build(options, ingress::Ports { log: Arc::clone(log) }).await;
        let ingress = ingress.map_err(|error| cannot_listen("intake", intake, &error))?;

        let options = normalizer::Options::default();
        let normalizer = normalizer::build(options, normalizer::Ports { log: Arc::clone(log) }).await;

        let runner = runner::build(runner_options(process), runner::Ports::new(Arc::clone(log))).await;

        let options = projector::Options {
            listen: process.server.api,
            api_keys: process.server.api_keys.iter().cloned().collect(),
        };
        let ports = ProjectorPorts { log: Arc::clone(log), store: Arc::clone(&store), readiness: ingress.readiness() };
        let projector = projector::build(options, ports).await;

        Ok(Self {
            ingress,
            normalizer: normalizer.map_err(unfit("normalizer"))?,
            runner: runner.map_err(unfit("agent-runner"))?,
            projector: projector.map_err(unfit("projector"))?,
            store,
            keep_rows: process.keep.runs,
        })
    }

    /// Where deliveries are taken.
    pub fn intake(&self) -> SocketAddr {
        self.ingress.address()
    }

    /// Where questions are answered.
    pub fn api(&self) -> SocketAddr {
        self.projector.address()
    }

    /// What has to be well before traffic comes.
    pub fn readiness(&self) -> Readiness {
        self.ingress.readiness()
    }

    /// Starts them, in the order in which a delivery goes through them.
    pub fn start(self) -> Parts {
        let Self { ingress, normalizer, runner, projector, store, keep_rows } = self;
        let mut parts = Parts::default();
        parts.start("ingress", |stop| ingress.run(stop).map(Ok::<(), Infallible>));
        parts.start("normalizer", |stop| normalizer.run(stop).map(Ok::<(), Infallible>));
        parts.start("agent-runner", |stop| runner.run(stop).map(Ok::<(), Infallible>));
        parts.start("projector", |stop| projector.run(stop));
        parts.start("retention", move |stop| prune(store, keep_rows, stop).map(Ok::<(), Infallible>));
        parts
    }
}

/// Deletes rows that are older than the journals they were folded from.
async fn prune(store: Arc<dyn Store>, keep: Duration, stop: CancellationToken) {
    let mut tick = tokio::time::interval(PRUNE_EVERY);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        let keep = i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
        match store.prune(Timestamp::from_micros(clock::now_micros().saturating_sub(keep))).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "deleted {gone} deliveries that were kept long enough"),
            Err(error) => tracing::warn!("old rows stay for another hour: {}", chain(&error)),
        }
    }
}

fn runner_options(process: &Process) -> runner::Options {
    runner::Options {
        workers: process.workers as usize,
        data_dir: process.data_dir.clone(),
        profile: match process.profile {
            Profile::Development => runner::Profile::Development,
            Profile::Production => runner::Profile::Production,
        },
        ack_wait: process.keep.ack_wait,
        lease: process.keep.ack_wait * 3 / 2,
        ..Default::default()
    }
}

fn unfit<E: std::error::Error>(name: &'static str) -> impl Fn(E) -> Failure {
    move |error| Failure::unavailable(format!("cannot start the {name}: {}", chain(&error)))
}

/// The port is taken, or not ours to take.
pub fn cannot_listen(key: &str, address: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::unavailable(format!("cannot listen on {address}: {error}"))
        .remedy(format!("end what uses it, or write another `{key}` under [server]"))
}
