//! How many 2 KB records a second JetStream takes, each fsynced before its acknowledgement.
//!
//! `cargo run --release -p hookwheel-log --example append_rate`: one local server with `sync_interval: always`, on the
//! same cores. Prints one JSON object.
#![expect(clippy::print_stdout, reason = "an example prints what it measured")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use hookwheel_log::jetstream::{JetStream, Options, provision};
use hookwheel_log::{Append, Expect, Layout, Log, LogError, Lookup, Outcome, Retention, StreamSpec, Subject};
use hookwheel_testkit::nats::NatsServer;

const BATCH: usize = 256;
const BATCHES: usize = 160;
const REFUSED: usize = 40;
const SINGLES: usize = 8_000;
const IN_FLIGHT: usize = 64;
const BODY: usize = 2_048;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server = NatsServer::start().await?;
    let options = Options::at(&server.url());
    provision(&options, &layout()?).await?;
    let log = Arc::new(JetStream::connect(options, layout()?).await?);

    batches(&log, "warm", 10).await?;
    let batched = batches(&log, "batch", BATCHES).await?;
    let refused = refused(&log).await?;
    let single = singles(&log).await?;
    println!(
        "{}",
        serde_json::json!({
            "batched_records_per_second": (BATCH * BATCHES) as f64 / batched.iter().sum::<Duration>().as_secs_f64(),
            "batch_p50_ms": percentile(batched.clone(), 0.50).as_secs_f64() * 1e3,
            "batch_p99_ms": percentile(batched, 0.99).as_secs_f64() * 1e3,
            "with_a_duplicate_each_records_per_second": (BATCH * REFUSED) as f64 / refused.as_secs_f64(),
            "single_records_per_second": SINGLES as f64 / single.as_secs_f64(),
            "batch": BATCH, "single_in_flight": IN_FLIGHT, "body_bytes": BODY,
        })
    );
    Ok(())
}

/// Full batches, one in flight; how long each took.
async fn batches(log: &JetStream, under: &str, count: usize) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::with_capacity(count);
    for batch in 0..count {
        let records = (0..BATCH).map(|n| record(under, batch * BATCH + n)).collect::<Result<_, _>>()?;
        let begun = Instant::now();
        for outcome in log.append_batch(records).await? {
            anyhow::ensure!(matches!(outcome?, Outcome::Stored(_)), "a fresh record was not stored");
        }
        took.push(begun.elapsed());
    }
    Ok(took)
}

/// Batches of which one record is stored already, so that the broker refuses each as a whole.
async fn refused(log: &JetStream) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    for batch in 0..REFUSED {
        let fresh = (0..BATCH - 1).map(|n| record("refused", batch * BATCH + n));
        let records = fresh.chain([record("batch", batch)]).collect::<Result<_, _>>()?;
        let outcomes = log.append_batch(records).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
        anyhow::ensure!(matches!(outcomes[BATCH - 1], Outcome::AlreadyThere(_)), "the duplicate was not found");
    }
    Ok(begun.elapsed())
}

/// One publish for each record, many in flight.
async fn singles(log: &Arc<JetStream>) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let appends = stream::iter(0..SINGLES).map(|n| {
        let log = log.clone();
        async move { log.append(record("single", n)?).await }
    });
    appends.buffer_unordered(IN_FLIGHT).try_collect::<Vec<Outcome>>().await?;
    Ok(begun.elapsed())
}

fn record(under: &str, n: usize) -> Result<Append, LogError> {
    Ok(Append {
        subject: Subject::new(format!("rate.{under}.{n}"))?,
        id: format!("{under}-{n}"),
        headers: vec![("Kind".into(), "rate".into())],
        payload: Bytes::from(vec![b'x'; BODY]),
        expect: Expect::Empty,
    })
}

fn percentile(mut took: Vec<Duration>, share: f64) -> Duration {
    took.sort_unstable();
    took[((took.len() - 1) as f64 * share) as usize]
}

fn layout() -> Result<Layout, LogError> {
    let retention = Retention::Keep { max_age: Duration::from_secs(3_600), max_bytes: None };
    let stream = StreamSpec { name: "RATE", under: vec![Subject::new("rate")?], lookup: Lookup::Exact, retention };
    Ok(Layout { streams: vec![stream], ..Layout::default() })
}
