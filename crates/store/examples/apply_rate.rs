//! How many facts a second each engine folds, in batches of 200: `cargo run -p hookwheel-store --example apply_rate`.

use std::time::Instant;

use hookwheel_core::delivery::Body;
use hookwheel_core::journal::RunOutcome;
use hookwheel_store::conformance::facts::{self, Journal, at, received, requested, routed};
use hookwheel_store::postgres::{Postgres, PostgresOptions};
use hookwheel_store::sqlite::Sqlite;
use hookwheel_store::{Batch, Change, Store};
use hookwheel_testkit::postgres::Postgres as Server;

const DELIVERIES: u64 = 10_000;
const BATCH: usize = 200;
const BODY: usize = 2048;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    measure("sqlite", &Sqlite::open(&folder.path().join("tables.db")).await?).await?;
    let server = Server::start().await;
    measure("postgres", &Postgres::connect(&PostgresOptions::at(server.database().await)).await?).await
}

/// The four streams one after the other, as a rebuild reads them.
#[expect(clippy::print_stdout, reason = "the numbers are what it is for")]
async fn measure(engine: &str, store: &dyn Store) -> anyhow::Result<()> {
    store.migrate().await?;
    for (stream, changes) in streams() {
        let facts = changes.len();
        let numbered: Vec<(u64, Change)> = (1..).zip(changes).collect();
        let begun = Instant::now();
        for changes in numbered.chunks(BATCH) {
            let upto = changes.last().map_or(0, |(seq, _)| *seq);
            let (stream, incarnation) = (stream.to_owned(), "first".to_owned());
            store.apply(Batch { stream, incarnation, after: 0, changes: changes.to_vec(), upto }).await?;
        }
        let rate = facts as f64 / begun.elapsed().as_secs_f64();
        println!("{engine:9} {stream:11} {facts:6} facts {rate:8.0}/s");
    }
    Ok(())
}

fn streams() -> [(&'static str, Vec<Change>); 4] {
    let deliveries: Vec<_> = (0..DELIVERIES)
        .map(|n| {
            let mut delivery = received(n, at(i64::try_from(n).unwrap_or_default()));
            delivery.body = Body::Inline(vec![b'x'; BODY].into());
            delivery
        })
        .collect();
    let requests: Vec<_> = deliveries.iter().map(|delivery| requested(delivery, "main")).collect();
    let events = deliveries.iter().zip(&requests).flat_map(|(delivery, request)| {
        let outcome = routed(delivery, std::slice::from_ref(request));
        [Change::Requested(Box::new(request.clone())), Change::Outcome(Box::new(outcome))]
    });
    let entries = requests.iter().flat_map(|request| Journal::of(request).whole(RunOutcome::Completed).entries);
    let notices = deliveries.iter().map(|delivery| Change::Notice(Box::new(facts::duplicate(delivery, at(0)))));
    [
        (facts::EVENTS, events.collect()),
        (facts::RUNS, entries.map(|entry| Change::Entry(Box::new(entry))).collect()),
        (facts::NOTICES, notices.collect()),
        (facts::DELIVERIES, deliveries.iter().map(|d| Change::Delivery(Box::new(d.clone()))).collect()),
    ]
}
