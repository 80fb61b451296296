//! What only this back end can get wrong: its lock, its ages, its place on disk.

use std::time::Duration;

use bytes::Bytes;
use hookwheel_log::conformance::{Harness as _, layout};
use hookwheel_log::embedded::Embedded;
use hookwheel_log::{
    Append, Expect, Layout, Log, LogError, Lookup, Outcome, Retention, StreamSpec, Subject, SubjectFilter,
};

use super::harness::{EmbeddedHarness, open_when_free, options};

fn record(subject: &str, id: &str) -> Append {
    let subject = Subject::new(subject).unwrap();
    Append { subject, id: id.into(), headers: vec![], payload: Bytes::from_static(b"payload"), expect: Expect::Empty }
}

#[tokio::test]
async fn a_second_process_is_told_who_has_the_file() {
    let harness = EmbeddedHarness::start().await;
    let log = harness.open().await;
    let second = Embedded::open(&harness.path(), layout()).await;
    let Err(LogError::Unfit(why)) = second else { panic!("the file was opened twice") };
    assert!(why.contains("open in another process"), "{why}");
    log.append(record("case.a", "a")).await.unwrap();
}

#[tokio::test]
async fn a_closed_log_says_so_and_its_file_is_free_at_once() {
    let harness = EmbeddedHarness::start().await;
    let log = Embedded::open_with(&harness.path(), layout(), options()).await.unwrap();
    log.append(record("case.a", "a")).await.unwrap();
    log.close().await.unwrap();
    log.close().await.unwrap();
    assert!(log.append(record("case.b", "b")).await.unwrap_err().is_transient());
    assert!(log.check().await.unwrap_err().is_transient());

    let again = Embedded::open_with(&harness.path(), layout(), options()).await.unwrap();
    assert_eq!(again.append(record("case.a", "a")).await.unwrap(), Outcome::AlreadyThere(1));
}

#[tokio::test]
async fn records_over_their_age_go_and_their_positions_are_never_given_out_again() {
    let short = |max_age| Layout {
        streams: vec![StreamSpec {
            name: "SHORT",
            under: vec![Subject::new("short").unwrap()],
            lookup: Lookup::Exact,
            retention: Retention::Keep { max_age, max_bytes: None },
        }],
        ..Layout::default()
    };
    let harness = EmbeddedHarness::start().await;
    let log = Embedded::open(&harness.path(), short(Duration::from_millis(100))).await.unwrap();
    let batch = (0..600).map(|n| record(&format!("short.{n}"), &format!("s{n}"))).collect();
    log.append_batch(batch).await.unwrap();
    for tries in 0.. {
        if log.read("SHORT", &SubjectFilter::All, 0, 1).await.unwrap().is_empty() {
            break;
        }
        assert!(tries < 1_000, "old records are still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let info = log.stream("SHORT").await.unwrap();
    assert_eq!((info.first, info.last), (601, 600));
    assert_eq!(log.append(record("short.0", "s0-again")).await.unwrap(), Outcome::Stored(601));
    log.close().await.unwrap();

    let log = Embedded::open(&harness.path(), short(Duration::from_secs(600))).await.unwrap();
    assert!(log.stream("SHORT").await.unwrap().last >= 601);
    assert!(matches!(log.append(record("short.new", "new")).await.unwrap(), Outcome::Stored(seq) if seq > 601));
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_and_its_directory_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let harness = EmbeddedHarness::start().await;
    let log = harness.open().await;
    log.append(record("case.a", "a")).await.unwrap();
    let path = harness.path();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_extension("sqlite-wal")), 0o600);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_not_fit() {
    let harness = EmbeddedHarness::start().await;
    std::fs::create_dir_all(harness.path().parent().unwrap()).unwrap();
    std::fs::write(harness.path(), vec![7; 8192]).unwrap();
    let Err(error) = Embedded::open(&harness.path(), layout()).await else { panic!("garbage was opened") };
    assert!(matches!(error, LogError::Unfit(_)), "{error}");
}

#[tokio::test]
async fn a_check_fails_while_the_file_is_locked_and_heals() {
    let harness = EmbeddedHarness::start().await;
    let log = harness.open().await;
    log.check().await.unwrap();
    harness.stop().await;
    assert!(log.append(record("case.a", "a")).await.unwrap_err().is_transient());
    assert!(log.check().await.unwrap_err().is_transient());
    harness.resume().await;
    log.check().await.unwrap();
    drop(log);
    harness.crash().await;
    open_when_free(&harness.path(), Lookup::Prefix).await.check().await.unwrap();
}
