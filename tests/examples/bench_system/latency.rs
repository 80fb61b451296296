//! From a 2xx at the sender to the start of its run, at a steady rate. Both clocks are this machine's.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use hookwheel_testkit::sender::{Sender, Signed};
use serde_json::json;
use time::OffsetDateTime;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::pipeline::Args;
use crate::system::{PATH, SECRET, System};
use crate::{Measured, rounded, rows};

/// Longest median, milliseconds.
const BAR_MS: f64 = 30.0;
const WITHIN: Duration = Duration::from_secs(60);

pub async fn measure(args: &Args) -> anyhow::Result<Measured> {
    let system = System::up().await?;
    let answered = send_steadily(&system, args).await?;
    rows::completed(&system, answered.len() as u64, WITHIN).await?;
    let runs = rows::all(&system).await?;
    let mut waits = Vec::with_capacity(answered.len());
    for (delivery, at) in &answered {
        let run = runs.get(delivery).with_context(|| format!("{delivery} has no run"))?;
        waits.push((run.started - *at).as_seconds_f64() * 1e3);
    }
    waits.sort_by(f64::total_cmp);
    let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| quantile(&waits, share));
    let report = json!({
        "deliveries": waits.len(),
        "per_s": args.rate,
        "accepted_to_started_p50_ms": rounded(p50, 2),
        "bar_p50_ms": BAR_MS,
        "accepted_to_started_p90_ms": rounded(p90, 2),
        "accepted_to_started_p99_ms": rounded(p99, 2),
    });
    Ok(Measured { report, passes: p50 < BAR_MS })
}

/// When each delivery was answered. One request does not wait for another.
async fn send_steadily(system: &System, args: &Args) -> anyhow::Result<HashMap<String, OffsetDateTime>> {
    let sender = Sender::new("github", SECRET)?;
    let mut tick = interval(Duration::from_secs(1) / u32::try_from(args.rate)?);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut posts = JoinSet::new();
    for seed in 0..args.rate * args.seconds {
        tick.tick().await;
        posts.spawn(post(sender.sample(seed), system.intake));
    }
    posts.join_all().await.into_iter().collect()
}

async fn post(signed: Signed, intake: SocketAddr) -> anyhow::Result<(String, OffsetDateTime)> {
    let answer = signed.post(intake, PATH).await?;
    let at = OffsetDateTime::now_utc();
    let answer = answer.json();
    Ok((answer["delivery_id"].as_str().with_context(|| format!("not accepted: {answer}"))?.to_owned(), at))
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}
