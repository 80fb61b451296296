//! Long runs of the fuzz targets and of the timing test: a program of its own, built for release.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Context as _;

/// Passed on; `--help` lists them
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Mutated input for every parser that sees a sender's bytes.
pub fn fuzz(args: &Args) -> anyhow::Result<()> {
    program("fuzz", args)
}

/// Whether a verdict takes longer for a better forgery.
pub fn timing(args: &Args) -> anyhow::Result<()> {
    program("timing", args)
}

fn program(command: &str, args: &Args) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut run = Command::new(cargo);
    run.args(["run", "--quiet", "--release", "--package", "hookwheel-fuzz", "--bin", "hookwheel-fuzz", "--", command]);
    let status = run.args(&args.arguments).status().context("failed to start cargo")?;
    anyhow::ensure!(status.success(), "`cargo xtask {command}` found something; it is above");
    Ok(())
}
