//! What takes both engines, or a process to be killed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use hookwheel_store::conformance::facts::{DELIVERIES, at, received};
use hookwheel_store::conformance::history::samples;
use hookwheel_store::conformance::{Harness, batch};
use hookwheel_store::postgres::{Postgres, PostgresOptions};
use hookwheel_store::sqlite::Sqlite;
use hookwheel_store::{Change, PageRequest, Store};
use hookwheel_testkit::child::OwnChild;

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

/// S1 for real: a process that folds is killed again and again, and whatever it leaves is a prefix of the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_projector_goes_on_where_the_checkpoint_says() {
    let (sqlite, postgres) = (SqliteHarness::start().await, PostgresHarness::start().await);
    let folder = sqlite.file();
    for (harness, place) in
        [(&sqlite as &dyn Harness, folder.to_str().unwrap()), (&postgres as &dyn Harness, postgres.url())]
    {
        let store = harness.open_within(Duration::from_secs(60)).await.unwrap();
        store.migrate().await.unwrap();
        for survivors in [30, 60, 90] {
            let mut projector = OwnChild::spawn(&mut projector(place)).unwrap();
            while done(&*store).await < survivors {
                assert!(projector.is_running(), "it ended by itself");
            }
            projector.kill9().unwrap();
            let done = done(&*store).await;
            let page = PageRequest { limit: 1, cursor: None };
            assert_eq!(store.deliveries(&Default::default(), &page).await.unwrap().total, done);
        }
    }
}

async fn done(store: &dyn Store) -> u64 {
    store.checkpoint(DELIVERIES).await.unwrap().map_or(0, |checkpoint| checkpoint.seq)
}

const PLACE: &str = "HOOKWHEEL_TEST_PROJECT_INTO";

/// This very program, running only the test below.
fn projector(place: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "both::projects_until_it_is_killed", "--ignored"]).env(PLACE, place);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[tokio::test]
#[ignore = "it is the process that a_killed_projector_goes_on_where_the_checkpoint_says kills"]
async fn projects_until_it_is_killed() {
    let place = std::env::var(PLACE).expect("started by the test that kills it");
    let store: Box<dyn Store> = if place.starts_with("postgres:") {
        Box::new(Postgres::connect(&PostgresOptions::at(place)).await.unwrap())
    } else {
        Box::new(Sqlite::open(Path::new(&place)).await.unwrap())
    };
    for from in (done(&*store).await + 1..).step_by(3) {
        let change = |n: u64| (n, Change::Delivery(Box::new(received(n, at(0)))));
        store.apply(batch(DELIVERIES, (from..from + 3).map(change).collect())).await.unwrap();
    }
}
