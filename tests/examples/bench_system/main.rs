//! `bench pipeline` and `bench memory`: the released binaries as processes of their own, measured from outside.
//!
//! Each prints one JSON object and fails when a bar is missed. Everything is on loopback, in folders that go away.
#![expect(clippy::print_stdout, reason = "the numbers are for whoever runs it")]

mod latency;
mod machine;
mod memory;
mod pipeline;
mod rows;
mod slow;
mod system;
mod throughput;

use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;

/// Measures a whole system
#[derive(Parser)]
#[command(name = "bench")]
enum Bench {
    /// Deliveries to finished runs a second, and the time from a 2xx to its run's start
    Pipeline(pipeline::Args),
    /// Resident memory: `hookwheel up` idle, ingress under load and under slow connections
    Memory(memory::Args),
}

/// What was measured, and whether every bar was reached.
struct Measured {
    report: Value,
    passes: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    hookwheel_tests::process::choose_tls();
    let measured = match Bench::parse() {
        Bench::Pipeline(args) => pipeline::run(&args).await?,
        Bench::Memory(args) => memory::run(&args).await?,
    };
    println!("{:#}", measured.report);
    Ok(if measured.passes { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// To so many digits after the point.
fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
