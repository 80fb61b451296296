//! What an operator can set.

use std::time::Duration;

/// Settings of one normalizer process.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// Deliveries looked at in parallel; each may hold a whole body in memory.
    #[arg(long, env = "HOOKWHEEL_NORMALIZER_WORKERS", default_value_t = 8, value_parser = up_to_64)]
    pub workers: usize,
    /// Most deliveries taken and written down together.
    #[arg(long, env = "HOOKWHEEL_NORMALIZER_BATCH", default_value_t = 256, value_parser = up_to_1000)]
    pub batch: usize,
    /// Seconds after which another normalizer takes over from a silent one; on JetStream rounded up to whole ones.
    #[arg(long = "lease-s", env = "HOOKWHEEL_NORMALIZER_LEASE_S", default_value = "6", value_parser = seconds)]
    pub lease: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { workers: 8, batch: 256, lease: Duration::from_secs(6) }
    }
}

fn up_to_64(text: &str) -> Result<usize, String> {
    number(text, 64)
}

fn up_to_1000(text: &str) -> Result<usize, String> {
    number(text, 1000)
}

fn number(text: &str, most: usize) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| format!("write a number from 1 to {most}"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|s| (0.1..=3600.0).contains(s));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "write seconds, from 0.1 to 3600".into())
}
