//! S8: retention deletes what it promises and nothing else.

use hookwheel_core::delivery::DeliveryReceived;
use hookwheel_core::journal::RunOutcome;

use super::facts::{self, DELIVERIES, EVENTS, Journal, NOTICES, RUNS, at, received, requested, routed};
use super::{Harness, apply, opened};
use crate::{Change, Store};

/// S8: the rows that stay are those of a store that never had the old ones, and late facts bring nothing back.
pub async fn s8_retention_deletes_old_deliveries_with_all_that_is_theirs(harness: &dyn Harness) {
    let store = opened(harness).await;
    // More than one transaction's worth of old ones.
    let old: Vec<_> = (0..1_200).map(|n| received(n, at(n as i64 % 10))).collect();
    let young: Vec<_> = (2_000..2_020).map(|n| received(n, at(10 + n as i64 % 10))).collect();

    fill(&*store, &young).await;
    apply(&*store, NOTICES, [Change::Notice(Box::new(facts::rejected(1, at(10))))]).await;
    let expected = store.fingerprint().await.unwrap();
    fill(&*store, &old).await;
    apply(&*store, NOTICES, [Change::Notice(Box::new(facts::rejected(1, at(9))))]).await;
    let all = store.fingerprint().await.unwrap();

    assert_eq!(store.prune(at(0)).await.unwrap(), 0);
    assert_eq!(store.fingerprint().await.unwrap(), all);
    assert_eq!(store.prune(at(10)).await.unwrap(), 1_200);
    assert_eq!(store.fingerprint().await.unwrap(), expected);
    assert_eq!(store.prune(at(10)).await.unwrap(), 0);

    // Facts that come late for a pruned delivery make no row that anyone sees, and the next time they go too.
    let late = Journal::of(&requested(&old[0], "main")).whole(RunOutcome::Completed).entries.pop().unwrap();
    apply(&*store, RUNS, [Change::Entry(Box::new(late))]).await;
    apply(&*store, NOTICES, [Change::Notice(Box::new(facts::duplicate(&old[0], at(5))))]).await;
    assert!(store.delivery(old[0].delivery.as_str()).await.unwrap().is_none());
    assert!(store.run(requested(&old[0], "main").run.as_str()).await.unwrap().is_none());
    let page = crate::PageRequest { limit: 200, cursor: None };
    assert_eq!(store.deliveries(&Default::default(), &page).await.unwrap().total, 20);
    assert_eq!(store.runs(&Default::default(), &page).await.unwrap().total, 20);
    assert_eq!(store.prune(at(10)).await.unwrap(), 0);
    assert_eq!(store.fingerprint().await.unwrap(), expected);
}

/// Everything there is about these deliveries.
async fn fill(store: &dyn Store, deliveries: &[DeliveryReceived]) {
    for some in deliveries.chunks(200) {
        apply(store, DELIVERIES, some.iter().map(|delivery| Change::Delivery(Box::new(delivery.clone())))).await;
        let events = some.iter().flat_map(|delivery| {
            let request = requested(delivery, "main");
            let outcome = routed(delivery, std::slice::from_ref(&request));
            [Change::Requested(Box::new(request)), Change::Outcome(Box::new(outcome))]
        });
        apply(store, EVENTS, events.collect::<Vec<_>>()).await;
        let journals = some.iter().map(|delivery| Journal::of(&requested(delivery, "main")));
        let entries = journals.flat_map(|journal| journal.whole(RunOutcome::Completed).entries);
        apply(store, RUNS, entries.map(|entry| Change::Entry(Box::new(entry))).collect::<Vec<_>>()).await;
        let repeats = some.iter().map(|delivery| Change::Notice(Box::new(facts::duplicate(delivery, at(100)))));
        apply(store, NOTICES, repeats.collect::<Vec<_>>()).await;
    }
}
