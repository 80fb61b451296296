//! The command line: every subcommand, and where it is.

use clap::{Parser, Subcommand};

use crate::commands;
use crate::exit::Failure;

/// Webhooks in, agent work out, nothing lost in between.
#[derive(Debug, Parser)]
#[command(name = "hookwheel", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 not found, 4 refused, 5 unavailable.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(commands::demo::Demo),
    Up(commands::up::Up),
    Check(commands::check::Check),
    Apply(commands::apply::Apply),
    Provision(commands::provision::Provision),
    Migrate(commands::migrate::Migrate),
    Doctor(commands::doctor::Doctor),
    Send(commands::send::Send),
    Verify(commands::verify::Verify),
    Normalize(commands::normalize::Normalize),
    Deliveries(commands::deliveries::Deliveries),
    Runs(commands::runs::Runs),
    Secret(commands::secret::Secret),
    Projector(commands::projector::Projector),
    Bench(commands::bench::Bench),
    Completions(commands::completions::Completions),
}

impl Cli {
    /// Does what was asked.
    pub async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Demo(command) => commands::demo::run(command).await,
            Command::Up(command) => commands::up::run(command).await,
            Command::Check(command) => commands::check::run(&command).await,
            Command::Apply(command) => commands::apply::run(command).await,
            Command::Provision(command) => commands::provision::run(command).await,
            Command::Migrate(command) => commands::migrate::run(command).await,
            Command::Doctor(command) => commands::doctor::run(command).await,
            Command::Send(command) => commands::send::run(command).await,
            Command::Verify(command) => commands::verify::run(&command),
            Command::Normalize(command) => commands::normalize::run(&command),
            Command::Deliveries(command) => commands::deliveries::run(command).await,
            Command::Runs(command) => commands::runs::run(command).await,
            Command::Secret(command) => commands::secret::run(&command),
            Command::Projector(command) => commands::projector::run(command).await,
            Command::Bench(command) => commands::bench::run(command).await,
            Command::Completions(command) => commands::completions::run(&command),
        }
    }
}
