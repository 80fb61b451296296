//! The index of streams that are looked into by whole subjects: in memory, in the file, and between the two.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use hookwheel_log::conformance::{Harness as _, layout_with};
use hookwheel_log::embedded::Embedded;
use hookwheel_log::{
    Append, Expect, Layout, Log, LogError, Lookup, Outcome, Retention, Seq, StreamSpec, Subject, SubjectFilter,
};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::harness::{EmbeddedHarness, open_when_free, options};

const STREAM: &str = "CASES";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_found_by_its_subject_from_its_acknowledgement_on() {
    let harness = EmbeddedHarness::start_exact().await;
    let log = harness.open().await;
    join_all((0..16).map(|writer| append_and_look(log.clone(), writer))).await;
    drop(log);
    harness.crash().await;

    let log = harness.open().await;
    for writer in 0..16 {
        for n in 0..40 {
            let again = log.append(record(&subject(writer, n), "again", Expect::Empty)).await.unwrap();
            assert!(matches!(again, Outcome::AlreadyThere(_)), "{again:?}");
            assert_eq!(found(&*log, &subject(writer, n)).await.len(), 2);
        }
    }
}

/// Two records for each of many subjects, each looked for as soon as it is acknowledged.
async fn append_and_look(log: Arc<dyn Log>, writer: usize) {
    for n in 0..40 {
        let subject = subject(writer, n);
        let Outcome::Stored(first) = log.append(record(&subject, "first", Expect::Empty)).await.unwrap() else {
            panic!("{subject} is not empty")
        };
        assert_eq!(found(&*log, &subject).await, [first]);
        let second = log.append(record(&subject, "second", Expect::Last(first))).await.unwrap();
        let last = log.last(STREAM, &Subject::new(&subject).unwrap()).await.unwrap().unwrap();
        assert_eq!((second, last.id.as_str()), (Outcome::Stored(last.seq), "second"));
        assert_eq!(found(&*log, &subject).await, [first, last.seq]);
    }
}

#[tokio::test]
async fn a_file_of_the_first_version_gets_its_index_and_a_lookup_can_be_changed_back() {
    let harness = EmbeddedHarness::start().await;
    fill(&harness, Lookup::Prefix, 0..100).await;
    let mut file = file(&harness).await;
    sqlx::raw_sql("DROP TABLE indexed; PRAGMA user_version = 1").execute(&mut file).await.unwrap();

    for (lookup, added) in [(Lookup::Exact, 100..200), (Lookup::Prefix, 200..300), (Lookup::Exact, 300..400)] {
        fill(&harness, lookup, added.clone()).await;
        let log = open_when_free(&harness.path(), lookup).await;
        for n in 0..added.end {
            assert_eq!(found(&log, &subject(0, n)).await, [n as Seq + 1], "{lookup:?}");
        }
        let under = SubjectFilter::Under(Subject::new("case.0").unwrap());
        assert_eq!(log.read(STREAM, &under, 0, usize::MAX).await.unwrap().len(), added.end);
        log.close().await.unwrap();
    }
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut file).await.unwrap();
    assert_eq!(version, 2);
}

#[tokio::test]
async fn a_file_of_a_later_version_is_left_alone() {
    let harness = EmbeddedHarness::start().await;
    fill(&harness, Lookup::Exact, 0..1).await;
    sqlx::raw_sql("PRAGMA user_version = 3").execute(&mut file(&harness).await).await.unwrap();
    let opened = Embedded::open(&harness.path(), layout_with(Lookup::Exact)).await;
    let Err(LogError::Unfit(why)) = opened else { panic!("a later version was opened") };
    assert!(why.contains("run the newer program"), "{why}");
}

#[tokio::test]
async fn a_place_of_another_subject_is_not_believed() {
    let harness = EmbeddedHarness::start().await;
    fill(&harness, Lookup::Exact, 0..100).await;
    // Every subject gets the places of all others: as if all had one hash.
    let index = index_of(&harness, STREAM).await;
    let share = format!("INSERT OR IGNORE INTO {index} SELECT a.hash, b.seq FROM {index} a, {index} b");
    let shared = sqlx::raw_sql(AssertSqlSafe(share)).execute(&mut file(&harness).await).await.unwrap();
    assert!(shared.rows_affected() > 5_000, "only {} places were planted", shared.rows_affected());

    let log = open_when_free(&harness.path(), Lookup::Exact).await;
    for n in 0..100 {
        assert_eq!(found(&log, &subject(0, n)).await, [n as Seq + 1]);
        let again = log.append(record(&subject(0, n), "again", Expect::Empty)).await.unwrap();
        assert_eq!(again, Outcome::AlreadyThere(n as Seq + 1));
    }
}

#[tokio::test]
async fn places_of_removed_records_are_swept_out() {
    let short = Layout {
        streams: vec![StreamSpec {
            name: "SHORT",
            under: vec![Subject::new("short").unwrap()],
            lookup: Lookup::Exact,
            retention: Retention::Rolling { max_bytes: 100_000 },
        }],
        ..Layout::default()
    };
    let harness = EmbeddedHarness::start_exact().await;
    let log = Embedded::open_with(&harness.path(), short, options()).await.unwrap();
    for n in 0..100 {
        let batch = (0..100).map(|m| record(&format!("short.{n}-{m}"), "any", Expect::Empty)).collect();
        log.append_batch(batch).await.unwrap();
    }
    let info = log.stream("SHORT").await.unwrap();
    assert!(info.first > 5_000, "only {} records were removed", info.first);
    log.close().await.unwrap();
    let index = index_of(&harness, "SHORT").await;
    let sql = format!("SELECT count(*) FROM {index} WHERE seq < {}", info.first);
    let dead: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut file(&harness).await).await.unwrap();
    assert!(dead < 500, "{dead} places of removed records are left");
}

/// Opens the file, appends one record to each of these subjects and closes it in good order.
async fn fill(harness: &EmbeddedHarness, lookup: Lookup, subjects: std::ops::Range<usize>) {
    let log = open_when_free(&harness.path(), lookup).await;
    for n in subjects {
        log.append(record(&subject(0, n), "one", Expect::Empty)).await.unwrap();
    }
    log.close().await.unwrap();
}

async fn found(log: &dyn Log, subject: &str) -> Vec<Seq> {
    let filter = SubjectFilter::Exactly(Subject::new(subject).unwrap());
    log.read(STREAM, &filter, 0, 100).await.unwrap().iter().map(|record| record.seq).collect()
}

async fn file(harness: &EmbeddedHarness) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", harness.path().display())).await.unwrap()
}

async fn index_of(harness: &EmbeddedHarness, stream: &str) -> String {
    let number = sqlx::query_scalar("SELECT number FROM stream WHERE name = ?").bind(stream);
    let number: i64 = number.fetch_one(&mut file(harness).await).await.unwrap();
    format!("records_{number}_hash")
}

fn subject(writer: usize, n: usize) -> String {
    format!("case.{writer}.{n}")
}

fn record(subject: &str, id: &str, expect: Expect) -> Append {
    let subject = Subject::new(subject).unwrap();
    Append { subject, id: id.into(), headers: vec![], payload: Bytes::from_static(b"payload"), expect }
}
