//! What takes both engines: the same facts give the same tables.

use hookwheel_store::conformance::Harness;
use hookwheel_store::conformance::history::samples;
use std::time::Duration;

use crate::postgres::PostgresHarness;
use crate::sqlite::SqliteHarness;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_facts_give_the_same_tables_on_both_engines() {
    let (sqlite, postgres) = (SqliteHarness::start().await, PostgresHarness::start().await);
    let sqlite = sqlite.open_within(Duration::from_secs(60)).await.unwrap();
    let postgres = postgres.open_within(Duration::from_secs(60)).await.unwrap();
    sqlite.migrate().await.unwrap();
    postgres.migrate().await.unwrap();
    for (n, history) in samples(8, 10, 42).into_iter().enumerate() {
        sqlite.reset().await.unwrap();
        postgres.reset().await.unwrap();
        for batch in &history.batches {
            sqlite.apply(batch.clone()).await.unwrap();
        }
        for batch in history.at_once() {
            postgres.apply(batch).await.unwrap();
        }
        assert_eq!(sqlite.fingerprint().await.unwrap(), postgres.fingerprint().await.unwrap(), "history {n}");
    }
}
