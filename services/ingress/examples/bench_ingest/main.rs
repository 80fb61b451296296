//! Requests a second of ingress on both logs, beside two baselines, in one run: `cargo xtask bench ingest`.
//!
//! Everything shares the machine: the load, the contenders, the broker. All contenders stay up for the whole run and
//! take turns, so that a disturbance hits neighbours alike, and ratios are taken within a round.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

mod contender;
mod cpu;
mod report;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum as _};
use hookwheel_testkit::load::{self, Load, Prepared, Report};

use contender::{Contender, PATH, Running, SECRET};
use report::{Round, Summary};

/// The one that ingress has.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Measure how many deliveries ingress takes
#[derive(Parser)]
struct Arguments {
    /// Requests under way at once, each on a connection of its own
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Requests of each contender in each round
    #[arg(long, default_value_t = 30_000)]
    requests: u64,
    /// Rounds; medians are reported
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// Measure only these, such as to profile one; then there are no ratios
    #[arg(long, value_delimiter = ',')]
    only: Vec<Contender>,
    /// Fail when a bar is missed
    #[arg(long, conflicts_with = "only")]
    check: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("load").enable_all().build()?;
    let summary = runtime.block_on(measure(&arguments))?;
    println!("{}", serde_json::to_string_pretty(&summary.json(&arguments.describe()))?);
    anyhow::ensure!(!arguments.check || summary.passes(), "a bar was missed");
    Ok(())
}

impl Arguments {
    fn contenders(&self) -> Vec<Contender> {
        let wanted = |c: &&Contender| self.only.is_empty() || self.only.contains(c);
        Contender::value_variants().iter().filter(wanted).copied().collect()
    }

    fn describe(&self) -> serde_json::Value {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        serde_json::json!({
            "cores": cores, "connections": self.connections, "requests": self.requests, "rounds": self.rounds,
        })
    }
}

async fn measure(arguments: &Arguments) -> anyhow::Result<Summary> {
    let mut running = Vec::new();
    for contender in arguments.contenders() {
        eprintln!("starting {}", contender.name());
        running.push(contender.start().await.with_context(|| format!("failed to start {}", contender.name()))?);
    }
    let warm = arguments.requests.min(2_000);
    for one in &running {
        drive(one, arguments.connections, load::github(SECRET, PATH, 0, warm)?).await?;
    }
    let mut rounds = Vec::new();
    for n in 0..arguments.rounds {
        let fresh = load::github(SECRET, PATH, warm + n * arguments.requests, arguments.requests)?;
        let mut round = Round::default();
        for one in &running {
            round.add(one.contender, turn(one, arguments.connections, &fresh).await?);
        }
        rounds.push(round);
    }
    Ok(Summary(rounds))
}

async fn turn(one: &Running, connections: usize, fresh: &[Prepared]) -> anyhow::Result<report::Turn> {
    // The fast and the slow get more and fewer requests, for measurements of about the same length.
    let requests = match one.contender {
        Contender::Axum => (0..3).flat_map(|_| fresh.iter().cloned()).collect(),
        Contender::Publish => fresh[..fresh.len() / 4].to_vec(),
        Contender::Jetstream | Contender::Embedded => fresh.to_vec(),
    };
    let before = one.cpu()?;
    let report = drive(one, connections, requests).await?;
    let after = one.cpu()?;
    let turn = report::Turn::new(&report, after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
    eprintln!("{:>20}: {:>6.0} requests/s, p50 {:?}, p99 {:?}", one.contender.name(), turn.rate, turn.p50, turn.p99);
    Ok(turn)
}

async fn drive(one: &Running, connections: usize, requests: Vec<Prepared>) -> anyhow::Result<Report> {
    let expected = requests.len();
    let load = Load {
        targets: vec![one.address],
        requests: Arc::new(requests),
        connections,
        attempts: 1,
        patience: Duration::from_secs(30),
    };
    let report = load.run().await?;
    anyhow::ensure!(report.ok() == expected, "{} of {expected} requests were taken", report.ok());
    Ok(report)
}
