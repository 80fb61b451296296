//! Ingress as a process of its own, on JetStream.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use hookwheel_ingress::{Options, Ports, build};
use hookwheel_log::jetstream::{self, JetStream};
use hookwheel_log::{LogError, Measured};
use hookwheel_proto::topology::{Keep, layout};
use hookwheel_runtime::admin::Admin;
use hookwheel_runtime::connect::patiently;
use hookwheel_runtime::ready::Readiness;
use hookwheel_runtime::stop::stop_on_signal;
use hookwheel_runtime::telemetry::{self, TelemetryOptions};
use hookwheel_runtime::{metrics, tls};

/// Each request is some hundred small allocations, most of them freed by another thread: here that is a fifth cheaper
/// in all than with the system's allocator, and takes less memory.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Takes webhook deliveries and stores them
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    ingress: Options,
    #[command(flatten)]
    log: jetstream::Options,
    /// Address of `/metrics`, `/livez` and `/readyz`
    #[arg(long, env = "HOOKWHEEL_ADMIN_LISTEN", default_value = "127.0.0.1:9464")]
    admin_listen: SocketAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    tls::install_provider();
    let arguments = Arguments::parse();
    let telemetry = telemetry::init(metrics::INGRESS, TelemetryOptions::from_env());
    let ended = serve(arguments).await;
    if let Err(cause) = &ended {
        tracing::error!("ingress has ended: {cause:#}");
    }
    telemetry.shutdown().await;
    ended.map_or_else(|cause| exit_code(&cause), |()| ExitCode::SUCCESS)
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let (stop, readiness) = (stop_on_signal(), Readiness::default());
    let metrics = metrics::install(metrics::INGRESS)?;
    let _admin = Admin::serve(arguments.admin_listen, metrics, readiness.clone(), stop.clone()).await?;
    let log = async || JetStream::connect(arguments.log.clone(), layout(Keep::default())).await;
    let Some(log) = patiently(&readiness, "log", &stop, LogError::is_transient, log).await? else { return Ok(()) };
    let service =
        build(arguments.ingress, Ports { log: Arc::new(Measured::new(Arc::new(log), layout(Keep::default()))) })
            .await?
            .reporting_to(readiness);
    tracing::info!(address = %service.address(), "deliveries are taken on {}", service.address());
    service.run(stop).await;
    Ok(())
}

/// 2: the options are wrong; 1: anything else.
fn exit_code(cause: &anyhow::Error) -> ExitCode {
    let wrong_options = cause.downcast_ref::<LogError>().is_some_and(|cause| matches!(cause, LogError::Invalid { .. }));
    ExitCode::from(if wrong_options { 2 } else { 1 })
}
