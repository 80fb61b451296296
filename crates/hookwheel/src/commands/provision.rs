//! `hookwheel provision`: makes the broker ready. Services only bind to what this creates.

use std::future::Future;
use std::time::Duration;

use hookwheel_log::jetstream::{self, JetStream, Report};
use hookwheel_log::{Log as _, LogError};
use hookwheel_proto::topology::{self, Keep};
use hookwheel_runtime::settings::units;
use serde_json::json;
use tokio::time::Instant;

use crate::exit::Failure;
use crate::output::{self, Format, OutputArgs, Table};

const PAUSE: Duration = Duration::from_millis(500);
const FLOOR: Duration = Duration::from_secs(72 * 3600);

/// Creates or updates streams, consumers and buckets on JetStream
#[derive(Debug, clap::Args)]
pub struct Provision {
    #[command(flatten)]
    broker: jetstream::Options,
    #[command(flatten)]
    patience: Patience,
    /// How long deliveries are kept, which is how long repeats are recognised; at least 72h
    #[arg(long, env = "HOOKWHEEL_KEEP_DELIVERIES", default_value = "7d", value_parser = kept, value_name = "DURATION")]
    keep_deliveries: Duration,
    /// How long runs are kept; at least as long as deliveries
    #[arg(long, env = "HOOKWHEEL_KEEP_RUNS", default_value = "30d", value_parser = kept, value_name = "DURATION")]
    keep_runs: Duration,
    #[command(flatten)]
    output: OutputArgs,
}

/// How long to wait for a server that is still starting.
#[derive(Debug, Clone, clap::Args)]
pub struct Patience {
    /// Wait so long for a server that is still starting
    #[arg(long, env = "HOOKWHEEL_WAIT", default_value = "30s", value_parser = duration, value_name = "DURATION")]
    wait: Duration,
}

/// Runs the command. A broker that is away or too weak exits with 5.
pub async fn run(command: Provision) -> Result<(), Failure> {
    if command.keep_runs < command.keep_deliveries {
        return Err(Failure::usage("runs would be forgotten before their deliveries")
            .remedy("make --keep-runs at least as long as --keep-deliveries"));
    }
    let keep = Keep { deliveries: command.keep_deliveries, runs: command.keep_runs, ..Keep::default() };
    let layout = topology::layout(keep);
    let attempt = || async {
        let report = jetstream::provision(&command.broker, &layout).await?;
        // What was made has to hold what the profile promises, or no service would get ready.
        JetStream::connect(command.broker.clone(), layout.clone()).await?.check().await?;
        Ok(report)
    };
    let report =
        command.patience.until(is_transient, attempt).await.map_err(|error| explain(error, &command.broker))?;
    print(command.output.format(), &report);
    Ok(())
}

fn print(format: Format, report: &Report) {
    let lines = report.lines.iter().map(|(what, change)| (what, change.to_string()));
    if format != Format::Table {
        let lines: Vec<_> = lines.map(|(what, change)| json!({ "what": what, "change": change })).collect();
        return output::print_json(format, &json!({ "ok": true, "layout": lines }));
    }
    let mut table = Table::facts();
    lines.for_each(|(what, change)| table.row([what, &change]));
    table.print();
}

impl Patience {
    /// Tries until it works, fails for good, or the time is over.
    pub async fn until<T, E, F>(&self, again: fn(&E) -> bool, mut attempt: impl FnMut() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let give_up = Instant::now() + self.wait;
        loop {
            match attempt().await {
                Err(error) if again(&error) && Instant::now() + PAUSE < give_up => tokio::time::sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
    }
}

/// Whether waiting may help.
pub fn is_transient(error: &LogError) -> bool {
    error.is_transient()
}

/// Adds where the broker was looked for, and what to do.
pub fn explain(error: LogError, broker: &jetstream::Options) -> Failure {
    let transient = error.is_transient();
    let mut failure = Failure::from(error);
    if transient {
        failure.message = format!("no broker at {}: {}", broker.addresses(), failure.message);
        return failure.remedy("start nats-server 2.14.5 or newer with JetStream, or say where it is with --nats-url");
    }
    failure
}

fn duration(text: &str) -> Result<Duration, String> {
    units::duration(text).ok_or_else(|| "write it like 30s, 5m, 72h or 7d".to_owned())
}

fn kept(text: &str) -> Result<Duration, String> {
    duration(text).and_then(|kept| if kept < FLOOR { Err("at least 72h".to_owned()) } else { Ok(kept) })
}
