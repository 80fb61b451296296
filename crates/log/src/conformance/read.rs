//! L10: what is read is what was appended, from the position that was asked for.

use std::time::Duration;

use bytes::Bytes;

use super::Harness;
use super::harness::CASES;
use super::kit::{SOON, all, at, fill, record, stored, subject};
use crate::{Append, Expect, Headers, LogError, SubjectFilter, Tail};

/// Any bytes, none at all, and headers beyond ASCII in their values.
pub async fn l10_reading_returns_the_bytes_that_were_appended(h: &dyn Harness) {
    let log = h.open().await;
    let payloads = [Bytes::new(), Bytes::from((0..=255).collect::<Vec<u8>>()), Bytes::from(vec![0xff; 512 * 1024])];
    for (n, payload) in payloads.iter().enumerate() {
        let headers = vec![("Zebra".into(), "últimø, \"quoted\"".into()), ("Alpha".into(), format!("{n}"))];
        let id = format!("b{n}");
        let odd = Append { headers, payload: payload.clone(), ..record("case.bytes", &id, Expect::Anything) };
        log.append(odd).await.unwrap();
    }
    drop(log);
    h.restart().await;

    let found = at(&*h.open().await, CASES, "case.bytes").await;
    assert_eq!(found.len(), payloads.len());
    for (n, (record, payload)) in found.iter().zip(&payloads).enumerate() {
        assert_eq!((record.stream.as_str(), record.subject.as_str()), (CASES, "case.bytes"));
        assert_eq!(record.id, format!("b{n}"));
        assert!(record.payload == payload, "payload {n} is not what was appended");
        let wanted: Headers = vec![("Alpha".into(), format!("{n}")), ("Zebra".into(), "últimø, \"quoted\"".into())];
        let mut headers = record.headers.clone();
        headers.sort();
        assert_eq!(headers, wanted);
        assert!(record.at_micros > 1_700_000_000_000_000, "{} is not in this age", record.at_micros);
    }
}

/// Positions, limits and the three kinds of filter.
pub async fn l10_a_read_begins_at_its_position_and_ends_at_its_limit(h: &dyn Harness) {
    let log = h.open().await;
    let a = fill(&*log, "case.page.a", 5).await;
    let b = fill(&*log, "case.page.b", 5).await;
    fill(&*log, "case.pages", 1).await;
    let seqs = async |filter: &SubjectFilter, from, max| -> Vec<u64> {
        log.read(CASES, filter, from, max).await.unwrap().iter().map(|r| r.seq).collect()
    };

    let page = SubjectFilter::Under(subject("case.page"));
    assert_eq!(seqs(&page, 0, 3).await, a[..3]);
    assert_eq!(seqs(&page, a[3], 3).await, [a[3], a[4], b[0]]);
    assert_eq!(seqs(&page, b[1], 100).await, b[1..]);
    assert_eq!(seqs(&SubjectFilter::Exactly(subject("case.page.b.2")), 0, 100).await, [b[2]]);
    assert_eq!(seqs(&SubjectFilter::All, 0, 100).await.len(), 11);
    assert_eq!(seqs(&SubjectFilter::All, 1_000, 100).await, [0; 0]);
    assert_eq!(seqs(&SubjectFilter::Under(subject("case.page.b.2")), 0, 100).await, [0; 0]);
    let unknown = log.read("NOWHERE", &SubjectFilter::All, 0, 1).await;
    assert!(matches!(unknown, Err(LogError::Missing(_))), "{unknown:?}");
}

/// The last record of a subject is the one that was just acknowledged, whoever asks.
pub async fn l10_the_last_record_of_a_subject_is_never_stale(h: &dyn Harness) {
    let writer = h.open().await;
    let reader = h.open().await;
    assert_eq!(reader.last(CASES, &subject("case.last")).await.unwrap(), None);
    for n in 0..30 {
        let id = format!("l{n}");
        let seq = stored(writer.append(record("case.last", &id, Expect::Anything)).await.unwrap());
        writer.append(record("case.later", &format!("other-{n}"), Expect::Anything)).await.unwrap();
        let last = reader.last(CASES, &subject("case.last")).await.unwrap().unwrap();
        assert_eq!((last.seq, last.id), (seq, id));
    }
}

/// A tail hands out old records, then new ones as they come, and misses none when the connection is cut.
pub async fn l10_a_tail_follows_through_a_cut(h: &dyn Harness) {
    let log = h.open().await;
    let old = fill(&*log, "case.tail.old", 5).await;
    let filter = SubjectFilter::Under(subject("case.tail"));
    let mut tail = log.tail(CASES, &filter, old[2]).await.unwrap();
    assert_eq!(follow(&mut *tail, 3).await, old[2..]);
    assert!(tail.next(10, Duration::from_millis(200)).await.unwrap().is_empty());

    let new = fill(&*log, "case.tail.new", 5).await;
    fill(&*log, "case.elsewhere", 1).await;
    assert_eq!(follow(&mut *tail, 5).await, new);

    h.cut().await;
    let other = h.open().await;
    let newest = fill(&*other, "case.tail.newest", 5).await;
    assert_eq!(follow(&mut *tail, 5).await, newest);
}

/// The incarnation stays for the life of a stream; the bounds tell what is kept.
pub async fn l10_a_stream_keeps_its_identity_and_bounds(h: &dyn Harness) {
    let log = h.open().await;
    let empty = log.stream(CASES).await.unwrap();
    assert_eq!((empty.first, empty.last), (1, 0));
    assert!(!empty.incarnation.is_empty());
    let seqs = fill(&*log, "case.info", 3).await;
    assert_eq!(seqs, [1, 2, 3]);
    drop(log);
    h.crash().await;

    let log = h.open().await;
    let info = log.stream(CASES).await.unwrap();
    assert_eq!((info.first, info.last), (1, 3));
    assert_eq!(info.incarnation, empty.incarnation);
    assert_eq!(all(&*log, CASES, &SubjectFilter::All).await.len(), 3);
    assert!(matches!(log.stream("NOWHERE").await, Err(LogError::Missing(_))));
}

/// The next `count` positions; an error on the way is a hint to ask again, as long as it is transient.
async fn follow(tail: &mut dyn Tail, count: usize) -> Vec<u64> {
    let mut seqs = Vec::new();
    let gather = async {
        while seqs.len() < count {
            match tail.next(count - seqs.len(), Duration::from_secs(5)).await {
                Ok(records) => seqs.extend(records.iter().map(|r| r.seq)),
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
        }
    };
    let ended = tokio::time::timeout(SOON, gather).await;
    assert!(ended.is_ok(), "the tail handed out {seqs:?} and then nothing");
    seqs
}
