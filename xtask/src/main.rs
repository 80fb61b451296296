//! The project's chores: `cargo xtask <chore>`. One module and one line below for each.
#![expect(clippy::print_stderr, reason = "a chore talks to the person who runs it")]

mod bench;
mod chart;
mod dash;
mod drift;
mod fuzz;
mod proto;
mod setup;
mod test;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's chores", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Measure: `bench ingest`, `bench pipeline`, `bench memory`
    Bench(bench::Args),
    /// Render the chart and hold it against the Kubernetes schemas
    Chart,
    /// Check the dashboards: drift, static mistakes, every query on a real Prometheus
    Dash(dash::Args),
    /// Compare what is generated with what is committed, and the crates' directions with the drawing
    Drift(drift::Args),
    /// Mutate input for every parser that sees a sender's bytes; `--seconds`, `--executions`, `--target`, `--input`
    Fuzz(fuzz::Args),
    /// Generate the Rust code of the record schema, or check that it is up to date
    Proto(proto::Args),
    /// Find the outside programs that tests need, and install the missing ones into .tools/
    Setup(setup::Args),
    /// Install what is missing, build, and run every test
    Test(test::Args),
    /// Measure whether a verdict takes longer for a better forgery
    Timing(fuzz::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().chore {
        Chore::Bench(args) => bench::run(&args),
        Chore::Chart => chart::run(),
        Chore::Dash(args) => dash::run(&args),
        Chore::Drift(args) => drift::run(&args),
        Chore::Fuzz(args) => fuzz::fuzz(&args),
        Chore::Proto(args) => proto::run(&args),
        Chore::Setup(args) => setup::run(&args),
        Chore::Test(args) => test::run(&args),
        Chore::Timing(args) => fuzz::timing(&args),
    }
}
