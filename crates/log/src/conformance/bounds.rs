//! L11: a log that can't take a record says so in bounded time, and says whose move is next.

use std::time::Duration;

use super::Harness;
use super::harness::{CASES, ROLLING, SMALL, SMALL_BYTES};
use super::kit::{all, append_until_known, at, durable, heavy, record, stored, transient};
use crate::{Expect, LogError, SubjectFilter};

/// Every call must have ended by then, whatever state the log is in.
const BOUND: Duration = Duration::from_secs(40);
const HEAVY: usize = 32 * 1024;

/// While the log is stopped, appends fail as transient; afterwards the same record is there once.
pub async fn l11_a_stopped_log_is_a_transient_error_in_bounded_time(h: &dyn Harness) {
    let log = h.open().await;
    log.append(record("case.stop.before", "before", Expect::Empty)).await.unwrap();
    h.stop().await;
    let single = record("case.stop.single", "single", Expect::Empty);
    let batched = record("case.stop.batched", "batched", Expect::Empty);
    let (one, many) = tokio::join!(
        tokio::time::timeout(BOUND, log.append(single.clone())),
        tokio::time::timeout(BOUND, log.append_batch(vec![batched.clone()])),
    );
    h.resume().await;

    transient::<()>(&one.expect("the append did not end in its bound").unwrap_err());
    let many = many.expect("the batch did not end in its bound").and_then(|mut outcomes| outcomes.remove(0));
    transient::<()>(&many.unwrap_err());
    for record in [single, batched] {
        durable(append_until_known(&*log, &record).await);
        assert_eq!(at(&*log, CASES, record.subject.as_str()).await.len(), 1);
    }
}

/// A full stream refuses more, keeps what it has, and its neighbours go on.
pub async fn l11_a_full_stream_is_a_transient_error_and_drops_nothing(h: &dyn Harness) {
    let log = h.open().await;
    let mut kept = Vec::new();
    let error = loop {
        assert!(kept.len() * HEAVY <= 2 * SMALL_BYTES as usize, "{} heavy records and still not full", kept.len());
        let next = heavy("small.box", &format!("s{}", kept.len()), HEAVY);
        match tokio::time::timeout(BOUND, log.append(next)).await.unwrap() {
            Ok(outcome) => kept.push(stored(outcome)),
            Err(error) => break error,
        }
    };
    transient::<()>(&error);
    assert!(kept.len() >= 4, "full after {} records", kept.len());
    let found: Vec<_> = all(&*log, SMALL, &SubjectFilter::All).await.iter().map(|r| r.seq).collect();
    assert_eq!(found, kept);
    stored(log.append(record("case.neighbour", "n", Expect::Empty)).await.unwrap());
}

/// A rolling stream takes every record, forgets the oldest and never the newest.
pub async fn l11_a_rolling_stream_drops_its_oldest_records(h: &dyn Harness) {
    let log = h.open().await;
    let mut last = 0;
    for n in 0..40 {
        last = stored(log.append(heavy("rolling.box", &format!("o{n}"), HEAVY)).await.unwrap());
    }
    let info = log.stream(ROLLING).await.unwrap();
    assert_eq!(info.last, last);
    assert!(info.first > 1, "nothing was dropped");
    let found = all(&*log, ROLLING, &SubjectFilter::All).await;
    assert_eq!(found.first().unwrap().seq, info.first);
    assert_eq!(found.last().unwrap().seq, last);
    let bytes: usize = found.iter().map(|r| r.payload.len()).sum();
    assert!(bytes as u64 <= SMALL_BYTES, "{bytes} bytes are kept");
}

/// What no repetition can heal is not called transient.
pub async fn l11_a_record_that_can_never_be_taken_is_not_transient(h: &dyn Harness) {
    let log = h.open().await;
    let huge = log.append(heavy("case.huge", "huge", 2 * 1024 * 1024)).await.unwrap_err();
    assert!(matches!(huge, LogError::TooLarge { .. }), "{huge}");
    let homeless = log.append(record("nowhere.at.all", "lost", Expect::Anything)).await.unwrap_err();
    assert!(!homeless.is_transient(), "{homeless}");
    let mut reserved = record("case.reserved", "reserved", Expect::Anything);
    reserved.headers = vec![("Hw-Log-Reason".into(), "mine".into())];
    let reserved = log.append(reserved).await.unwrap_err();
    assert!(matches!(reserved, LogError::Invalid { .. }), "{reserved}");
    assert!(matches!(log.consumer("nobody").await, Err(LogError::Missing(_))));
    assert!(matches!(log.bucket("NOTHING").await, Err(LogError::Missing(_))));
    stored(log.append(heavy("case.huge", "large", 1000 * 1024)).await.unwrap());
}

/// A log that is provisioned and durable has nothing to complain of.
pub async fn l11_a_healthy_log_passes_its_check(h: &dyn Harness) {
    h.open().await.check().await.unwrap();
}
