//! S1 to S3: rows and checkpoint move together, and never twice.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::facts::{self, DELIVERIES, EVENTS, at};
use super::{Harness, apply, batch, opened};
use crate::{Applied, Batch, Change, Store, StoreError};

/// S1: a call that is dropped half-way has done all or nothing.
pub async fn s1_a_batch_that_is_cut_off_leaves_rows_and_checkpoint_together(harness: &dyn Harness) {
    let store = opened(harness).await;
    let batches = twenty_batches();
    let mut polls = 0;
    for batch in &batches {
        // Later and later, until one is through.
        while up_to(polls, store.apply(batch.clone())).await.is_none() {
            assert_prefix(&*store, &batches).await;
            polls += 1;
        }
    }
    assert_prefix(&*store, &batches).await;
}

/// S1: so has one that the engine's sudden end cuts off.
pub async fn s1_a_crash_leaves_rows_and_checkpoint_together(harness: &dyn Harness) {
    opened(harness).await;
    let batches = twenty_batches();
    for survivors in [3, 9, 15] {
        let store = harness.open_within(super::DEADLINE).await.unwrap();
        let applying = tokio::spawn(apply_all(store.clone(), batches.clone()));
        let done = async || store.checkpoint(DELIVERIES).await.unwrap().map_or(0, |checkpoint| checkpoint.seq);
        while !applying.is_finished() && done().await < survivors * 10 {
            tokio::task::yield_now().await;
        }
        harness.crash().await;
        // It stopped at the first failure, or was done.
        applying.await.unwrap();
        let store = harness.open_within(super::DEADLINE).await.unwrap();
        assert!(store.checkpoint(DELIVERIES).await.unwrap().is_some_and(|done| done.seq >= survivors * 10));
        assert_prefix(&*store, &batches).await;
    }
}

/// S2: a batch that is applied again changes nothing and says so.
pub async fn s2_a_repeated_batch_changes_nothing(harness: &dyn Harness) {
    let store = opened(harness).await;
    let received = facts::received(1, at(1));
    let duplicates = |n: i64| Change::Notice(Box::new(facts::duplicate(&received, at(n))));
    let batch = batch(facts::NOTICES, vec![(4, duplicates(2)), (9, duplicates(3))]);
    apply(&*store, DELIVERIES, [Change::Delivery(Box::new(received.clone()))]).await;
    assert_eq!(store.apply(batch.clone()).await.unwrap(), Applied::New(2));
    let once = store.fingerprint().await.unwrap();
    for _ in 0..3 {
        assert_eq!(store.apply(batch.clone()).await.unwrap(), Applied::Stale);
    }
    assert_eq!(store.fingerprint().await.unwrap(), once);
    let row = store.delivery(received.delivery.as_str()).await.unwrap().unwrap().row;
    assert_eq!(row.duplicates, 2);
}

/// S2: of a batch that begins before the checkpoint only the rest is applied.
pub async fn s2_an_overlapping_batch_adds_only_what_is_new(harness: &dyn Harness) {
    let store = opened(harness).await;
    let received = facts::received(1, at(1));
    let notice = |n: u64| (n, Change::Notice(Box::new(facts::duplicate(&received, at(n as i64)))));
    apply(&*store, DELIVERIES, [Change::Delivery(Box::new(received.clone()))]).await;
    store.apply(batch(facts::NOTICES, (1..=5).map(notice).collect())).await.unwrap();
    let overlapping = batch(facts::NOTICES, (3..=8).map(notice).collect());
    assert_eq!(store.apply(overlapping).await.unwrap(), Applied::New(3));
    let row = store.delivery(received.delivery.as_str()).await.unwrap().unwrap().row;
    assert_eq!(row.duplicates, 8);

    let beyond = Batch { upto: 9, ..batch(facts::NOTICES, vec![notice(10)]) };
    assert!(matches!(store.apply(beyond).await, Err(StoreError::Invalid(_))));
}

/// S3: positions only go up; a batch without facts moves the checkpoint too.
pub async fn s3_a_lower_checkpoint_never_overwrites_a_higher_one(harness: &dyn Harness) {
    let store = opened(harness).await;
    let empty = |upto| Batch { upto, ..batch(EVENTS, Vec::new()) };
    assert_eq!(store.checkpoint(EVENTS).await.unwrap(), None);
    assert_eq!(store.apply(empty(10)).await.unwrap(), Applied::New(0));
    assert_eq!(store.apply(empty(7)).await.unwrap(), Applied::Stale);
    let checkpoint = store.checkpoint(EVENTS).await.unwrap().unwrap();
    assert_eq!((checkpoint.incarnation.as_str(), checkpoint.seq), ("first", 10));
    assert_eq!(store.checkpoint(DELIVERIES).await.unwrap(), None);
}

/// S3: two processes that project one stream at the same time add up to one.
pub async fn s3_two_projectors_of_one_stream_count_everything_once(harness: &dyn Harness) {
    let one = opened(harness).await;
    let other = opened(harness).await;
    let received = facts::received(1, at(1));
    apply(&*one, DELIVERIES, [Change::Delivery(Box::new(received.clone()))]).await;
    let notice = |n: u64| (n, Change::Notice(Box::new(facts::duplicate(&received, at(n as i64)))));
    let batches = |size: u64| -> Vec<Batch> {
        let starts = (1..=60).step_by(usize::try_from(size).unwrap());
        starts.map(|from| batch(facts::NOTICES, (from..(from + size).min(61)).map(notice).collect())).collect()
    };
    let (a, b) =
        tokio::join!(tokio::spawn(apply_all(one.clone(), batches(4))), tokio::spawn(apply_all(other, batches(7))),);
    assert_eq!((a.unwrap(), b.unwrap()), (15, 9));
    assert_eq!(one.delivery(received.delivery.as_str()).await.unwrap().unwrap().row.duplicates, 60);
}

/// S3: a stream that was deleted and created again stops the projector, before anything is changed.
pub async fn s3_another_incarnation_changes_nothing(harness: &dyn Harness) {
    let store = opened(harness).await;
    let batches = twenty_batches();
    store.apply(batches[0].clone()).await.unwrap();
    let before = store.fingerprint().await.unwrap();
    for upto in [1, 10, 20] {
        let stranger = Batch { incarnation: "second".into(), upto, ..batch(DELIVERIES, Vec::new()) };
        let error = store.apply(stranger).await.unwrap_err();
        assert!(matches!(&error, StoreError::OtherIncarnation { stream } if stream == DELIVERIES), "{error}");
        assert!(!error.is_transient());
    }
    assert_eq!(store.fingerprint().await.unwrap(), before);
    assert_eq!(store.checkpoint(DELIVERIES).await.unwrap().unwrap().seq, 10);
}

/// S3: when the tables were reset behind a projector's back, what it read further on is not applied.
pub async fn s3_a_batch_that_would_leave_a_hole_changes_nothing(harness: &dyn Harness) {
    let store = opened(harness).await;
    let batches = twenty_batches();
    let next = Batch { after: 10, ..batches[1].clone() };
    assert_eq!(store.apply(next.clone()).await.unwrap(), Applied::Gap);
    assert_eq!(store.checkpoint(DELIVERIES).await.unwrap(), None);
    store.apply(batches[0].clone()).await.unwrap();
    let further = Batch { after: 11, ..batches[1].clone() };
    assert_eq!(store.apply(further).await.unwrap(), Applied::Gap);
    assert_eq!(store.checkpoint(DELIVERIES).await.unwrap().unwrap().seq, 10);
    assert_eq!(store.apply(next).await.unwrap(), Applied::New(10));
    assert_prefix(&*store, &batches).await;
}

/// Of ten deliveries each.
fn twenty_batches() -> Vec<Batch> {
    let delivery = |n: u64| (n, Change::Delivery(Box::new(facts::received(n, at(n as i64)))));
    (0..20).map(|k| batch(DELIVERIES, (k * 10 + 1..=k * 10 + 10).map(delivery).collect())).collect()
}

/// The tables hold exactly what their checkpoint says. A commit that was on its way when its call was dropped may still
/// land: then look again.
async fn assert_prefix(store: &dyn Store, batches: &[Batch]) {
    let checkpoint = async || store.checkpoint(DELIVERIES).await.unwrap().map_or(0, |checkpoint| checkpoint.seq);
    let page = crate::PageRequest { limit: 1, cursor: None };
    let (done, rows) = loop {
        let done = checkpoint().await;
        let rows = store.deliveries(&Default::default(), &page).await.unwrap().total;
        if checkpoint().await == done {
            break (done, rows);
        }
    };
    assert_eq!(rows, done);
    assert!(done == 0 || batches.iter().any(|batch| batch.upto == done), "{done}");
}

/// How many were applied before the first failure.
async fn apply_all(store: Arc<dyn Store>, batches: Vec<Batch>) -> usize {
    for (done, batch) in batches.iter().enumerate() {
        if store.apply(batch.clone()).await.is_err() {
            return done;
        }
    }
    batches.len()
}

/// The future's output, unless it wants to be polled more often; then it is dropped.
async fn up_to<T>(mut polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if polls == 0 => Poll::Ready(None),
        Poll::Pending => {
            polls -= 1;
            Poll::Pending
        }
    })
    .await
}
