//! `hookwheel bench`: how fast this disk makes records durable, through the embedded log.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hookwheel_core::ids::{WebhookId, digest};
use hookwheel_log::embedded::Embedded;
use hookwheel_log::{Append, Expect, Log, Outcome};
use hookwheel_proto::topology::{self, Keep};
use serde::Serialize;

use crate::config;
use crate::exit::Failure;
use crate::output::{self, Format, OutputArgs, Table};

/// Measures the embedded log on this disk: fsynced appends per second
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// Seconds to measure, 1 to 60
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Writers at once, 1 to 1024
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1024))]
    writers: u32,
    /// Bytes of a record, 1 to 524288
    #[arg(long, default_value_t = 2048, value_parser = clap::value_parser!(u32).range(1..=524_288))]
    size: u32,
    /// Directory on the disk to measure; a new one inside it is used and removed. The system's own for temporary files
    /// unless given, which may be memory and then says nothing
    #[arg(long, value_name = "PATH")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Measured {
    appends: usize,
    seconds: f64,
    appends_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    writers: u32,
    record_bytes: u32,
}

/// Runs the command.
pub async fn run(command: Bench) -> Result<(), Failure> {
    let home = command.dir.clone().unwrap_or_else(std::env::temp_dir);
    let dir = tempfile::Builder::new().prefix("hookwheel-bench-").tempdir_in(&home);
    let dir = dir.map_err(|error| Failure::usage(format!("cannot use {}: {error}", home.display())))?;
    let log: Arc<dyn Log> =
        Arc::new(Embedded::open(&dir.path().join("log.db"), topology::layout(Keep::default())).await?);
    let measured = measure(&log, &command).await?;
    match command.output.format() {
        Format::Table => print(&measured),
        format => output::print_json(format, &measured),
    }
    Ok(())
}

async fn measure(log: &Arc<dyn Log>, command: &Bench) -> Result<Measured, Failure> {
    let webhook = config::webhook_id("bench").map_err(|error| Failure::failed(error.to_string()))?;
    let payload = Bytes::from(vec![b'x'; command.size as usize]);
    let start = Instant::now();
    let end = start + Duration::from_secs(command.seconds);
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..command.writers {
        writers.spawn(write_until(end, Arc::clone(log), webhook.clone(), number, payload.clone()));
    }
    let mut latencies = Vec::new();
    while let Some(finished) = writers.join_next().await {
        latencies.extend(finished.map_err(|error| Failure::failed(error.to_string()))??);
    }
    Ok(Measured::new(command, latencies, start.elapsed()))
}

async fn write_until(
    end: Instant,
    log: Arc<dyn Log>,
    webhook: WebhookId,
    writer: u32,
    payload: Bytes,
) -> Result<Vec<Duration>, Failure> {
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let id = format!("{writer}-{}", latencies.len());
        let subject = topology::delivery_subject(&webhook, &digest(&[id.as_bytes()]));
        let append = Append { subject, id, headers: Vec::new(), payload: payload.clone(), expect: Expect::Empty };
        let begun = Instant::now();
        match log.append(append).await? {
            Outcome::Stored(_) => latencies.push(begun.elapsed()),
            other => return Err(Failure::failed(format!("a new record was not stored: {other:?}"))),
        }
    }
    Ok(latencies)
}

impl Measured {
    fn new(command: &Bench, mut latencies: Vec<Duration>, took: Duration) -> Self {
        latencies.sort_unstable();
        let at = |hundredths: usize| {
            let place = latencies.len().saturating_sub(1) * hundredths / 100;
            latencies.get(place).map_or(0.0, |latency| rounded(latency.as_secs_f64() * 1e3))
        };
        let seconds = took.as_secs_f64();
        Self {
            appends: latencies.len(),
            seconds: rounded(seconds),
            appends_per_second: rounded(latencies.len() as f64 / seconds),
            p50_ms: at(50),
            p99_ms: at(99),
            writers: command.writers,
            record_bytes: command.size,
        }
    }
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn print(measured: &Measured) {
    let mut table = Table::facts();
    table.row(["fsynced appends/s", &format!("{:.0}", measured.appends_per_second)]);
    table.row(["p50", &format!("{} ms", measured.p50_ms)]);
    table.row(["p99", &format!("{} ms", measured.p99_ms)]);
    table.row(["writers", &measured.writers.to_string()]);
    table.row(["record", &format!("{} bytes", measured.record_bytes)]);
    table.print();
}
