//! All four services in this process, on an embedded log and SQLite tables.
//!
//! The services are the ones that run alone elsewhere; only their ports are chosen here.

mod parts;
mod services;

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use hookwheel_core::snapshot::Snapshot;
use hookwheel_log::embedded::Embedded;
use hookwheel_log::{Log, LogError, Measured};
use hookwheel_proto::topology;
use hookwheel_runtime::admin::Admin;
use hookwheel_runtime::metrics;
use hookwheel_store::Store as _;
use hookwheel_store::sqlite::Sqlite;
use tokio_util::sync::CancellationToken;

use crate::apply::apply;
use crate::config::Configuration;
use crate::exit::Failure;
use parts::Parts;
use services::{Services, cannot_listen};

/// The running services.
pub struct Wheel {
    embedded: Arc<Embedded>,
    log: Arc<dyn Log>,
    addresses: Addresses,
    parts: Parts,
    admin: Admin,
    draining: CancellationToken,
}

/// Where the wheel listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// `POST /webhooks/{slug}`.
    pub intake: SocketAddr,
    /// Read API and inspector.
    pub api: SocketAddr,
    /// Metrics and probes.
    pub admin: SocketAddr,
}

impl Wheel {
    /// Opens log and tables, applies the configuration, binds the ports and starts the services.
    pub async fn start(configuration: &Configuration) -> Result<Self, Failure> {
        let process = &configuration.process;
        for dir in
            [Some(process.data_dir.as_path()), process.log.parent(), process.store.parent()].into_iter().flatten()
        {
            make_private(dir)?;
        }
        let metrics = metrics::install(metrics::HOOKWHEEL).map_err(|error| Failure::failed(error.to_string()))?;
        let layout = topology::layout(process.keep);
        let embedded = Arc::new(Embedded::open(&process.log, layout.clone()).await?);
        end_leases(embedded.as_ref()).await?;
        let log: Arc<dyn Log> = Arc::new(Measured::new(embedded.clone(), layout));
        apply(&log, &configuration.snapshots, &configuration.sealed).await?;
        let store = Sqlite::open(&process.store).await?;
        store.migrate().await?;
        let services = Services::build(process, &log, Arc::new(store)).await?;

        let draining = CancellationToken::new();
        let admin = Admin::serve(process.server.admin, metrics, services.readiness(), draining.clone()).await;
        let admin = admin.map_err(|error| cannot_listen("admin", process.server.admin, &error))?;
        let addresses = Addresses { intake: services.intake(), api: services.api(), admin: admin.address };
        Ok(Self { embedded, log, addresses, parts: services.start(), admin, draining })
    }

    /// The log on which the services meet.
    pub fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Says where it listens, and where each webhook is.
    pub fn announce(&self, snapshots: &[Snapshot]) {
        let Addresses { intake, api, admin } = self.addresses;
        for Snapshot { webhook, .. } in snapshots {
            let (slug, source) = (&webhook.slug, &webhook.source);
            tracing::info!(%slug, %source, "webhook {slug} takes deliveries from {source} at http://{intake}/webhooks/{slug}");
        }
        tracing::info!(%intake, %api, %admin, "hookwheel is up: webhooks at http://{intake}/, API and inspector at http://{api}/");
    }

    /// Runs until `stop`, or until a service ends by itself; then drains them all.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), Failure> {
        let ended = tokio::select! {
            () = stop.cancelled() => Ok(()),
            failure = self.parts.first_end() => Err(failure),
        };
        self.draining.cancel();
        let drained = self.parts.drain().await;
        drop((self.admin, self.log));
        let closed = self.embedded.close().await.map_err(Failure::from);
        ended.and(drained).and(closed)
    }
}

/// Whoever opened this log holds it alone, so every lease found in it is a dead process's. Runs go on at once.
async fn end_leases(log: &dyn Log) -> Result<(), LogError> {
    let leases = log.bucket(topology::LEASES).await?;
    for lease in leases.entries().await?.iter().filter(|entry| !hookwheel_agent_runner::is_hint(&entry.key)) {
        leases.remove(&lease.key, lease.revision).await?;
    }
    Ok(())
}

/// Deliveries and notes are nobody else's business.
fn make_private(dir: &Path) -> Result<(), Failure> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| {
        Failure::unavailable(format!("cannot create {}: {error}", dir.display()))
            .remedy("choose another `data_dir`, or make its parent writable")
    })
}
