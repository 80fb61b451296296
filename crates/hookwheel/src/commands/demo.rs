//! `hookwheel demo`: see the whole pipeline work, without key, broker or network.

use std::path::PathBuf;

use hookwheel_runtime::stop::stop_on_signal;
use hookwheel_runtime::telemetry::{self, TelemetryOptions};

use crate::demo::{self, Play};
use crate::exit::Failure;
use crate::output::{self, Format, OutputArgs};

/// Only what somebody must act on, unless `HOOKWHEEL_LOG` says otherwise: the demo tells its own story.
const FILTER: &str = "error";

/// Shows the whole pipeline at work, with a scripted model (canned answers, no AI)
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Leave at the end instead of waiting for Ctrl-C; exits with 0 only if everything really happened
    #[arg(long)]
    once: bool,
    /// Keep the data here; without this a new directory is used and removed at the end
    #[arg(long, value_name = "PATH")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command.
pub async fn run(command: Demo) -> Result<(), Failure> {
    let mut options = TelemetryOptions::from_env();
    if std::env::var_os("HOOKWHEEL_LOG").is_none() {
        options.filter = FILTER.into();
    }
    let guard = telemetry::init("hookwheel", options);
    let outcome = play(&command).await;
    guard.shutdown().await;
    outcome
}

async fn play(command: &Demo) -> Result<(), Failure> {
    let stop = stop_on_signal();
    let played = demo::play(Play { data_dir: command.data_dir.clone(), quiet: command.output.for_programs() });
    let played = tokio::select! {
        played = played => played?,
        () = stop.cancelled() => return Err(Failure::failed("interrupted")),
    };
    match command.output.format() {
        Format::Table => {
            played.report.print();
            played.report.print_next_steps();
        }
        format => output::print_json(format, &played.report.json()),
    }
    let verdict = played.report.verdict();
    if command.once || verdict.is_err() {
        stop.cancel();
    } else {
        output::say("\nStill running. Ctrl-C ends it.");
    }
    played.run(stop).await?;
    verdict
}
