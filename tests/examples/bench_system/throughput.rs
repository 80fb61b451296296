//! Deliveries to finished runs a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use hookwheel_testkit::load::{Load, github};
use serde_json::json;
use time::OffsetDateTime;

use crate::machine::Memory;
use crate::pipeline::Args;
use crate::system::{PATH, SECRET, System};
use crate::{Measured, rounded, rows};

/// Least finished runs a second.
const BAR: f64 = 300.0;
const PATIENCE: Duration = Duration::from_secs(30);
const WITHIN: Duration = Duration::from_secs(180);

pub async fn measure(args: &Args) -> anyhow::Result<Measured> {
    let system = System::up().await?;
    let load = Load {
        targets: vec![system.intake],
        requests: Arc::new(github(SECRET, PATH, 1, args.deliveries)?),
        connections: args.connections,
        attempts: 3,
        patience: PATIENCE,
    };
    let (first_post, began) = (OffsetDateTime::now_utc(), Instant::now());
    let sending = tokio::spawn(load.run());
    rows::completed(&system, args.deliveries, WITHIN).await?;
    let seen = began.elapsed();
    let sent = sending.await??;
    ensure!(sent.ok() as u64 == args.deliveries, "{} of {} were accepted", sent.ok(), args.deliveries);

    let runs = rows::all(&system).await?;
    let last_end = runs.values().map(|run| run.finished).max().unwrap_or(first_post);
    let ended = (last_end - first_post).as_seconds_f64();
    let (per_s, bar) = (args.deliveries as f64 / seen.as_secs_f64(), BAR);
    let report = json!({
        "deliveries": args.deliveries,
        "connections": args.connections,
        "runs_per_s": rounded(per_s, 1),
        "bar_runs_per_s": bar,
        "runs_per_s_by_journal": rounded(args.deliveries as f64 / ended, 1),
        "accepted_per_s": rounded(sent.rate(), 1),
        "accepted_p99_ms": rounded(sent.quantile(0.99).as_secs_f64() * 1e3, 2),
        "peak_memory_mib": rounded(Memory::of(system.pid()?)?.peak, 1),
    });
    Ok(Measured { report, passes: per_s >= bar })
}
