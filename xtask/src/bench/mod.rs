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
        Which::Ingest(rest) => example("hookwheel-ingress", "bench_ingest", rest),
    }
}

fn example(package: &str, name: &str, rest: &Rest) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--release", "--package", package, "--example", name, "--"])
        .args(&rest.arguments)
        .status()
        .context("failed to start cargo")?;
    anyhow::ensure!(status.success(), "{name} failed");
    Ok(())
}
