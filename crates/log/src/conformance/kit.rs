//! What the cases are written with: records, bounded waiting, reading everything.

use std::time::Duration;

use bytes::Bytes;

use crate::{Append, Consumer, Expect, Held, Log, LogError, Outcome, Seq, Stored, Subject, SubjectFilter};

/// Longer than any answer of a healthy log.
pub(super) const SOON: Duration = Duration::from_secs(30);

/// A subject.
pub(super) fn subject(text: &str) -> Subject {
    Subject::new(text).unwrap()
}

/// A record with its subject and id in the payload.
pub(super) fn record(at: &str, id: &str, expect: Expect) -> Append {
    Append {
        subject: subject(at),
        id: id.into(),
        headers: vec![("Kind".into(), "case".into())],
        payload: Bytes::from(format!("{id} at {at}")),
        expect,
    }
}

/// A record with so many bytes of payload.
pub(super) fn heavy(at: &str, id: &str, bytes: usize) -> Append {
    Append { payload: vec![b'x'; bytes].into(), ..record(at, id, Expect::Anything) }
}

/// Appends records with ids `0..count`, each under its own subject `<under>.<id>`.
pub(super) async fn fill(log: &dyn Log, under: &str, count: usize) -> Vec<Seq> {
    let records = (0..count).map(|n| record(&format!("{under}.{n}"), &format!("{under}-{n}"), Expect::Empty)).collect();
    log.append_batch(records).await.unwrap().into_iter().map(|outcome| stored(outcome.unwrap())).collect()
}

/// The position of a record that this call stored.
#[track_caller]
pub(super) fn stored(outcome: Outcome) -> Seq {
    match outcome {
        Outcome::Stored(seq) => seq,
        other => panic!("expected a stored record, got {other:?}"),
    }
}

/// The position of a record that is durable now, by this call or an earlier one.
#[track_caller]
pub(super) fn durable(outcome: Outcome) -> Seq {
    match outcome {
        Outcome::Stored(seq) | Outcome::AlreadyThere(seq) => seq,
        Outcome::Conflict(seq) => panic!("expected a durable record, got a conflict with {seq}"),
    }
}

/// Every record of a stream under a prefix.
pub(super) async fn all(log: &dyn Log, stream: &str, filter: &SubjectFilter) -> Vec<Stored> {
    let mut found: Vec<Stored> = Vec::new();
    loop {
        let from = found.last().map_or(0, |last| last.seq + 1);
        let page = log.read(stream, filter, from, 100).await.unwrap();
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

/// Every record under one subject.
pub(super) async fn at(log: &dyn Log, stream: &str, one: &str) -> Vec<Stored> {
    all(log, stream, &SubjectFilter::Exactly(subject(one))).await
}

/// Fetches until there are `count` records, however many fetches it takes.
pub(super) async fn fetch(member: &dyn Consumer, count: usize) -> Vec<Held> {
    let mut held = Vec::new();
    let gather = async {
        while held.len() < count {
            held.extend(member.fetch(count - held.len(), Duration::from_secs(5)).await.unwrap());
        }
    };
    let ended = tokio::time::timeout(SOON, gather).await;
    assert!(ended.is_ok(), "only {} of {count} records were handed out", held.len());
    held
}

/// Fetches one record.
pub(super) async fn fetch_one(member: &dyn Consumer) -> Held {
    fetch(member, 1).await.remove(0)
}

/// Tries again until the condition holds.
pub(super) async fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let tries = async {
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(SOON, tries).await {
        Ok(found) => found,
        Err(_) => panic!("waited {SOON:?} in vain until {what}"),
    }
}

/// Appends one record again and again while the error is transient.
pub(super) async fn append_until_known(log: &dyn Log, record: &Append) -> Outcome {
    until("the log takes the record", async || match log.append(record.clone()).await {
        Ok(outcome) => Some(outcome),
        Err(error) => transient(&error),
    })
    .await
}

/// Nothing, if the error is transient; the end of the case otherwise.
#[track_caller]
pub(super) fn transient<T>(error: &LogError) -> Option<T> {
    assert!(error.is_transient(), "expected a transient error, got: {error}");
    None
}
