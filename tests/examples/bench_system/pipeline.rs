//! From the first request to the last finished run, on the embedded log with the scripted model.

use serde_json::json;

use crate::{Measured, latency, machine, throughput};

/// How much, how hard
#[derive(clap::Args)]
pub struct Args {
    /// Deliveries of the throughput part; at most 10,000, up to where the API's totals are exact
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub deliveries: u64,
    /// Requests at once in the throughput part
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Deliveries a second in the latency part
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub rate: u64,
    /// Seconds of the latency part
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub seconds: u64,
}

pub async fn run(args: &Args) -> anyhow::Result<Measured> {
    let load_before = machine::load_average();
    let throughput = throughput::measure(args).await?;
    let latency = latency::measure(args).await?;
    let passes = throughput.passes && latency.passes;
    let report = json!({
        "throughput": throughput.report,
        "latency": latency.report,
        "load_average_before": load_before,
        "passes": passes,
    });
    Ok(Measured { report, passes })
}
