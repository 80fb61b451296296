//! `hookwheel completions`: a completion script for a shell.

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::exit::Failure;

/// Writes a completion script for a shell
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// Which shell
    shell: clap_complete::Shell,
}

/// Runs the command.
pub fn run(command: &Completions) -> Result<(), Failure> {
    clap_complete::generate(command.shell, &mut Cli::command(), "hookwheel", &mut std::io::stdout());
    Ok(())
}
