//! hookwheel: webhooks in, agent work out, nothing lost in between.

use std::process::ExitCode;

use clap::Parser as _;
use hookwheel::cli::Cli;
use hookwheel::exit::Failure;

/// The same as in `hookwheel-ingress`, and for the same reason.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = prepare().and_then(|runtime| runtime.block_on(cli.run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// TLS and a small runtime: a handful of threads is plenty, and each costs memory.
fn prepare() -> Result<tokio::runtime::Runtime, Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .max_blocking_threads(32)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))
}
