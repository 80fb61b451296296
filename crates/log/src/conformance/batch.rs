//! L15: each record of a batch has its own outcome.

use futures::future::join_all;

use super::Harness;
use super::harness::CASES;
use super::kit::{all, at, durable, record, stored, subject};
use crate::{Append, Expect, Log, Outcome, SubjectFilter};

/// Records that make a batch larger, for back ends that take few and many by different ways.
fn neighbours(under: &str) -> impl Iterator<Item = Append> {
    (0..8).map(move |n| record(&format!("case.{under}.{n}"), &format!("{under}-{n}"), Expect::Empty))
}

/// Fresh records are stored; a copy inside the batch and a copy of what the stream has are both told where it is.
/// With and without more records before them.
pub async fn l15_each_record_of_a_batch_has_its_own_outcome(h: &dyn Harness) {
    let log = h.open().await;
    mixed(&*log, "few", Vec::new()).await;
    mixed(&*log, "many", neighbours("beside-mixed").collect()).await;
}

async fn mixed(log: &dyn Log, under: &str, mut batch: Vec<Append>) {
    let under = format!("case.mixed.{under}");
    let old = stored(log.append(record(&format!("{under}.old"), "old", Expect::Empty)).await.unwrap());
    let before = batch.len();
    let keys = ["new", "old", "twin", "twin", "last"].iter().enumerate();
    batch.extend(keys.map(|(n, key)| record(&format!("{under}.{key}"), &format!("{n}"), Expect::Empty)));
    let outcomes = log.append_batch(batch).await.unwrap().into_iter().map(Result::unwrap);
    let outcomes: Vec<_> = outcomes.skip(before).collect();

    let twin = stored(outcomes[2]);
    assert_eq!(outcomes[1], Outcome::AlreadyThere(old));
    assert_eq!(outcomes[3], Outcome::AlreadyThere(twin));
    assert!(stored(outcomes[0]) < twin && twin < stored(outcomes[4]), "{outcomes:?}");
    let kept = all(log, CASES, &SubjectFilter::Under(subject(&under))).await;
    assert_eq!(kept.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["old", "0", "2", "4"]);
}

/// A stale writer inside a batch is stopped, its neighbours are not.
pub async fn l15_a_conflict_in_a_batch_stops_only_its_record(h: &dyn Harness) {
    let log = h.open().await;
    let one = stored(log.append(record("case.part.a", "a1", Expect::Last(0))).await.unwrap());
    let mut batch: Vec<_> = neighbours("beside-part").collect();
    let before = batch.len();
    batch.extend([
        record("case.part.b", "b1", Expect::Last(0)),
        record("case.part.a", "a2", Expect::Last(0)),
        record("case.part.a", "a1", Expect::Last(0)),
        record("case.part.c", "c1", Expect::Anything),
        record("case.part.a", "a3", Expect::Last(one)),
        record("case.part.a", "a4", Expect::Last(one)),
    ]);
    let outcomes = log.append_batch(batch).await.unwrap().into_iter().map(Result::unwrap);
    let outcomes: Vec<_> = outcomes.skip(before).collect();
    let three = stored(outcomes[4]);
    assert_eq!(outcomes[1], Outcome::Conflict(one));
    assert_eq!(outcomes[2], Outcome::AlreadyThere(one));
    assert_eq!(outcomes[5], Outcome::Conflict(three));
    stored(outcomes[0]);
    stored(outcomes[3]);
    let ids: Vec<_> = at(&*log, CASES, "case.part.a").await.into_iter().map(|r| r.id).collect();
    assert_eq!(ids, ["a1", "a3"]);
}

/// Batches that race for the same keys store each key once, and all agree where.
pub async fn l15_concurrent_batches_with_shared_keys_store_each_once(h: &dyn Harness) {
    const WRITERS: usize = 4;
    const KEYS: usize = 40;
    let logs = [h.open().await, h.open().await];
    let writers = (0..WRITERS).map(|writer| {
        let log = logs[writer % 2].clone();
        let batch = (0..KEYS)
            .map(|n| record(&format!("case.shared.{n}"), &format!("{n}-by-{writer}"), Expect::Empty))
            .collect();
        tokio::spawn(async move { log.append_batch(batch).await.unwrap() })
    });
    let answers: Vec<Vec<Outcome>> = join_all(writers)
        .await
        .into_iter()
        .map(|answer| answer.unwrap().into_iter().map(Result::unwrap).collect())
        .collect();

    for key in 0..KEYS {
        let found = at(&*logs[0], CASES, &format!("case.shared.{key}")).await;
        assert_eq!(found.len(), 1, "key {key} is there {} times", found.len());
        assert!(answers.iter().all(|answer| durable(answer[key]) == found[0].seq), "writers disagree on key {key}");
        let winners = answers.iter().filter(|answer| matches!(answer[key], Outcome::Stored(_))).count();
        assert_eq!(winners, 1, "key {key} was stored by {winners} writers");
    }
}

/// Nothing to append is no error.
pub async fn l15_an_empty_batch_has_no_outcomes(h: &dyn Harness) {
    assert!(h.open().await.append_batch(Vec::new()).await.unwrap().is_empty());
}
