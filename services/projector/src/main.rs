//! The projector as a process of its own, on JetStream and Postgres.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use hookwheel_log::jetstream::{self, JetStream};
use hookwheel_log::{Log, LogError};
use hookwheel_projector::{BuildError, Options, Ports, build};
use hookwheel_proto::topology::{Keep, layout};
use hookwheel_runtime::admin::Admin;
use hookwheel_runtime::connect::patiently;
use hookwheel_runtime::ready::Readiness;
use hookwheel_runtime::stop::stop_on_signal;
use hookwheel_runtime::telemetry::{self, TelemetryOptions};
use hookwheel_runtime::{metrics, tls};
use hookwheel_store::postgres::{Postgres, PostgresOptions};
use hookwheel_store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

/// Folds the log into tables and serves the read API
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    projector: Options,
    #[command(flatten)]
    log: jetstream::Options,
    #[command(flatten)]
    store: PostgresOptions,
    /// Address of `/metrics`, `/livez` and `/readyz`
    #[arg(long, env = "HOOKWHEEL_ADMIN_LISTEN", default_value = "127.0.0.1:9464")]
    admin_listen: SocketAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    tls::install_provider();
    let arguments = Arguments::parse();
    let telemetry = telemetry::init(metrics::PROJECTOR, TelemetryOptions::from_env());
    let ended = serve(arguments).await;
    if let Err(cause) = &ended {
        tracing::error!("the projector has ended: {cause:#}");
    }
    telemetry.shutdown().await;
    ended.map_or_else(|cause| exit_code(&cause), |()| ExitCode::SUCCESS)
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let (stop, readiness) = (stop_on_signal(), Readiness::default());
    let metrics = metrics::install(metrics::PROJECTOR)?;
    let _admin = Admin::serve(arguments.admin_listen, metrics, readiness.clone(), stop.clone()).await?;
    let Some(ports) = connect(arguments.log, arguments.store, readiness, &stop).await? else { return Ok(()) };
    let service = build(arguments.projector, ports).await?;
    tracing::info!(address = %service.address(), "the projector's API listens on {}", service.address());
    service.run(stop).await?;
    Ok(())
}

/// The log and the tables, as soon as they can be reached. `None` when told to stop before.
async fn connect(
    log: jetstream::Options,
    store: PostgresOptions,
    readiness: Readiness,
    stop: &CancellationToken,
) -> anyhow::Result<Option<Ports>> {
    let log = async || JetStream::connect(log.clone(), layout(Keep::default())).await;
    let Some(log) = patiently(&readiness, "log", stop, LogError::is_transient, log).await? else { return Ok(None) };
    let store = async || Postgres::connect(&store).await;
    let store = patiently(&readiness, "store", stop, StoreError::is_transient, store).await?;
    Ok(store.map(|store| {
        let (log, store): (Arc<dyn Log>, Arc<dyn Store>) = (Arc::new(log), Arc::new(store));
        Ports { log, store, readiness }
    }))
}

/// 2: the options are wrong; 1: anything else.
fn exit_code(cause: &anyhow::Error) -> ExitCode {
    let wrong_options = cause.downcast_ref::<BuildError>().is_some()
        || cause.downcast_ref::<LogError>().is_some_and(|cause| matches!(cause, LogError::Invalid { .. }))
        || cause.downcast_ref::<StoreError>().is_some_and(|cause| matches!(cause, StoreError::Invalid(_)));
    ExitCode::from(if wrong_options { 2 } else { 1 })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_fit_together() {
        super::Arguments::command().debug_assert();
    }
}
