//! Resident memory, as the kernel counts it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use hookwheel_testkit::load::{Load, github};
use serde_json::{Value, json};

use crate::machine::{self, Memory};
use crate::slow::Slow;
use crate::system::{PATH, SECRET, System};
use crate::{Measured, rounded};

/// `up` idle stays under this, MiB.
const IDLE_BAR: f64 = 64.0;
/// Ingress stays under this, MiB.
const INGRESS_BAR: f64 = 150.0;
/// `up` is idle once it was left alone for so long.
const IDLE: Duration = Duration::from_secs(10);
/// Prepared at once: what the generator itself keeps in memory.
const CHUNK: u64 = 20_000;
/// Sent while the slow connections are open: the others must not notice them.
const BESIDE_SLOW: u64 = 5_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// How much, how hard
#[derive(clap::Args)]
pub struct Args {
    /// Deliveries to ingress
    #[arg(long, default_value_t = 1_000_000)]
    deliveries: u64,
    /// Requests at once
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Connections that send a byte a second, half of them in the head and half in the body
    #[arg(long, default_value_t = 5_000)]
    slow: usize,
}

pub async fn run(args: &Args) -> anyhow::Result<Measured> {
    // Each connection is a file here and one in the child; the rest is for everything else.
    machine::allow_open_files((args.slow + args.connections + 1_000) as u64)?;
    let load_before = machine::load_average();
    let idle = idle().await?;
    let ingress = ingress(args).await?;
    let passes = idle.passes && ingress.passes;
    let report = json!({
        "up_idle": idle.report, "ingress": ingress.report, "load_average_before": load_before, "passes": passes,
    });
    Ok(Measured { report, passes })
}

async fn idle() -> anyhow::Result<Measured> {
    let system = System::up().await?;
    tokio::time::sleep(IDLE).await;
    let memory = Memory::of(system.pid()?)?;
    let report = json!({ "now_mib": rounded(memory.now, 1), "peak_mib": rounded(memory.peak, 1), "bar_mib": IDLE_BAR });
    Ok(Measured { report, passes: memory.peak < IDLE_BAR })
}

async fn ingress(args: &Args) -> anyhow::Result<Measured> {
    let system = System::ingress().await?;
    let pid = system.pid()?;
    let at_start = Memory::of(pid)?;
    let mut progress = vec![progress(0, at_start)];
    let mut sent = 0;
    let mut busy = Duration::ZERO;
    while sent < args.deliveries {
        let count = CHUNK.min(args.deliveries - sent);
        busy += deliver(&system, sent, count, args.connections).await?;
        sent += count;
        if sent % (CHUNK * 5) == 0 || sent == args.deliveries {
            progress.push(self::progress(sent, Memory::of(pid)?));
        }
    }
    let loaded = Memory::of(pid)?;

    let slow = Slow::open(system.intake, PATH, args.slow).await?;
    deliver(&system, sent, BESIDE_SLOW, args.connections).await?;
    let open = slow.open_now();
    let slowed = Memory::of(pid)?;
    slow.close().await;
    ensure!(open * 10 >= args.slow * 9, "only {open} of {} slow connections were open at the end", args.slow);

    let report = json!({
        "deliveries": sent,
        "deliveries_per_s": rounded(sent as f64 / busy.as_secs_f64(), 0),
        "peak_after_deliveries_mib": rounded(loaded.peak, 1),
        "slow_connections": open,
        "with_slow_connections_mib": rounded(slowed.now, 1),
        "peak_mib": rounded(slowed.peak, 1),
        "bar_mib": INGRESS_BAR,
        "progress": progress,
    });
    Ok(Measured { report, passes: slowed.peak < INGRESS_BAR })
}

fn progress(sent: u64, memory: Memory) -> Value {
    json!({ "deliveries": sent, "now_mib": rounded(memory.now, 1) })
}

/// Sends distinct deliveries until each is accepted; gives the time it took.
async fn deliver(system: &System, from: u64, count: u64, connections: usize) -> anyhow::Result<Duration> {
    let requests = Arc::new(github(SECRET, PATH, from, count)?);
    let load = Load { targets: vec![system.intake], requests, connections, attempts: 5, patience: PATIENCE };
    let report = load.run().await?;
    ensure!(report.ok() as u64 == count, "{} of {count} were accepted", report.ok());
    Ok(report.elapsed)
}
