//! L1, L3, L12: what is acknowledged is kept, in order, and a cancelled append is one record or none.

use std::future::poll_fn;
use std::task::Poll;

use super::Harness;
use super::harness::CASES;
use super::kit::{all, append_until_known, at, durable, fill, record, stored, subject};
use crate::{Append, Expect, SubjectFilter};

const KEPT: usize = 400;

/// Every append that was acknowledged before the kill is there after it, once, where it was said to be.
pub async fn l01_an_acknowledged_append_survives_kill_9(h: &dyn Harness) {
    let records: Vec<_> =
        (0..KEPT).map(|n| record(&format!("case.kill.{n}"), &format!("k{n}"), Expect::Empty)).collect();
    let acknowledged = h.append_and_kill(records.clone(), KEPT / 4).await;
    assert!(acknowledged.len() >= KEPT / 4, "only {} were acknowledged before the kill", acknowledged.len());

    let log = h.open().await;
    for (index, outcome) in acknowledged {
        let wanted = &records[index];
        let found = at(&*log, CASES, wanted.subject.as_str()).await;
        assert_eq!(found.len(), 1, "{} is there {} times", wanted.id, found.len());
        assert_eq!((found[0].seq, &found[0].id), (stored(outcome), &wanted.id));
        assert_eq!(found[0].payload, wanted.payload);
    }
    for record in &records {
        durable(append_until_known(&*log, record).await);
    }
    let kept = all(&*log, CASES, &SubjectFilter::Under(subject("case.kill"))).await;
    assert_eq!(kept.len(), KEPT, "tried again, each record is there once");
}

/// Stopping and starting in good order loses nothing and gives no position twice.
pub async fn l01_an_orderly_restart_keeps_every_record(h: &dyn Harness) {
    let log = h.open().await;
    let before = fill(&*log, "case.kept", 50).await;
    drop(log);
    h.restart().await;

    let log = h.open().await;
    let seqs: Vec<_> =
        all(&*log, CASES, &SubjectFilter::Under(subject("case.kept"))).await.iter().map(|r| r.seq).collect();
    assert_eq!(seqs, before);
    let next = stored(log.append(record("case.kept.next", "next", Expect::Anything)).await.unwrap());
    assert!(next > before[49], "position {next} was given out before");
}

/// One writer's records under one subject are read in the order in which it wrote them.
pub async fn l03_records_of_one_subject_keep_append_order(h: &dyn Harness) {
    let log = h.open().await;
    for n in 0..50 {
        let subject = if n % 5 == 4 { "case.order.other" } else { "case.order.one" };
        log.append(record(subject, &format!("{n:02}"), Expect::Anything)).await.unwrap();
    }
    let ids: Vec<_> = at(&*log, CASES, "case.order.one").await.into_iter().map(|r| r.id).collect();
    let wanted: Vec<_> = (0..50).filter(|n| n % 5 != 4).map(|n| format!("{n:02}")).collect();
    assert_eq!(ids, wanted);
}

/// The records of one batch are stored in its order.
pub async fn l03_a_batch_keeps_its_order(h: &dyn Harness) {
    let log = h.open().await;
    let batch: Vec<_> =
        (0..300).map(|n| record(&format!("case.batch.{}", n % 3), &format!("{n:03}"), Expect::Anything)).collect();
    let outcomes = log.append_batch(batch).await.unwrap();
    let seqs: Vec<_> = outcomes.into_iter().map(|outcome| stored(outcome.unwrap())).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    let ids: Vec<_> =
        all(&*log, CASES, &SubjectFilter::Under(subject("case.batch"))).await.into_iter().map(|r| r.id).collect();
    assert_eq!(ids, (0..300).map(|n| format!("{n:03}")).collect::<Vec<_>>());
}

/// Wherever the caller stops waiting, its record is stored once or not at all, and trying again settles it.
pub async fn l12_a_cancelled_append_leaves_one_record_or_none(h: &dyn Harness) {
    let log = h.open().await;
    let records: Vec<Append> =
        (0..64).map(|n| record(&format!("case.cancel.{n}"), &format!("c{n}"), Expect::Empty)).collect();
    for (polls, record) in records.iter().enumerate() {
        let mut append = log.append(record.clone());
        let mut left = polls % 8;
        poll_fn(|cx| {
            if left == 0 || append.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
    for record in &records {
        assert!(at(&*log, CASES, record.subject.as_str()).await.len() <= 1, "{} is there twice", record.id);
        durable(append_until_known(&*log, record).await);
        assert_eq!(at(&*log, CASES, record.subject.as_str()).await.len(), 1, "{} is not there once", record.id);
    }
}
