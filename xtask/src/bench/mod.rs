//! Benchmarks: each is a program of its own, built for release, that prints one JSON object.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Context as _;

/// Which benchmark
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    which: Which,
}

#[derive(clap::Subcommand)]
enum Which {
    /// Deliveries a second into ingress, on JetStream and embedded, beside two baselines
    Ingest(Rest),
    /// Deliveries to finished runs a second, and the time from a 2xx to its run's start, embedded
    Pipeline(Rest),
    /// Resident memory: `hookwheel up` idle, ingress over many deliveries and slow connections
    Memory(Rest),
}

/// Passed on; `--help` lists them
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
struct Rest {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    match &args.which {
        Which::Ingest(rest) => example("hookwheel-ingress", "bench_ingest", &rest.arguments),
        Which::Pipeline(rest) => system("pipeline", rest),
        Which::Memory(rest) => {
            crate::setup::ensure(&["nats-server"])?;
            system("memory", rest)
        }
    }
}

/// A benchmark of the binaries themselves, which have to be there first.
fn system(name: &str, rest: &Rest) -> anyhow::Result<()> {
    cargo(&["build", "--release", "--package", "hookwheel", "--package", "hookwheel-ingress", "--bins"], &[])?;
    let arguments = [&[name.into()], &*rest.arguments].concat();
    example("hookwheel-tests", "bench_system", &arguments)
}

fn example(package: &str, name: &str, arguments: &[OsString]) -> anyhow::Result<()> {
    cargo(&["run", "--release", "--package", package, "--example", name, "--"], arguments)
}

fn cargo(command: &[&str], arguments: &[OsString]) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(command).args(arguments).status().context("failed to start cargo")?;
    anyhow::ensure!(status.success(), "`cargo {}` failed", command.join(" "));
    Ok(())
}
