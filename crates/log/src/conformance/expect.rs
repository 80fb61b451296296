//! L2, L13, L14: expectations decide who writes, and tell the others.

use futures::future::join_all;

use super::Harness;
use super::harness::CASES;
use super::kit::{at, record, stored};
use crate::{Expect, Outcome};

/// One of 64 concurrent writers is told "stored", the rest "already there", all with the same position.
pub async fn l02_sixty_four_writers_of_an_empty_subject_store_one_record(h: &dyn Harness) {
    let logs = [h.open().await, h.open().await];
    let writers = (0..64).map(|n| {
        let log = logs[n % 2].clone();
        tokio::spawn(async move { log.append(record("case.dedup", &format!("w{n}"), Expect::Empty)).await.unwrap() })
    });
    let outcomes: Vec<_> = join_all(writers).await.into_iter().map(Result::unwrap).collect();

    let found = at(&*logs[0], CASES, "case.dedup").await;
    assert_eq!(found.len(), 1);
    let winners = outcomes.iter().filter(|o| **o == Outcome::Stored(found[0].seq)).count();
    let losers = outcomes.iter().filter(|o| **o == Outcome::AlreadyThere(found[0].seq)).count();
    assert_eq!((winners, losers), (1, 63), "{outcomes:?}");
}

/// What was kept before a crash still refuses its second copy.
pub async fn l02_a_kept_subject_is_not_empty_after_a_crash(h: &dyn Harness) {
    let log = h.open().await;
    let seq = stored(log.append(record("case.once", "first", Expect::Empty)).await.unwrap());
    drop(log);
    h.crash().await;

    let log = h.open().await;
    let second = log.append(record("case.once", "second", Expect::Empty)).await.unwrap();
    assert_eq!(second, Outcome::AlreadyThere(seq));
    assert_eq!(at(&*log, CASES, "case.once").await.len(), 1);
}

/// The same record again, as after a lost answer, is told where it is.
pub async fn l13_a_retried_append_is_already_there(h: &dyn Harness) {
    let log = h.open().await;
    let delivery = record("case.retry", "r1", Expect::Empty);
    let seq = stored(log.append(delivery.clone()).await.unwrap());
    assert_eq!(log.append(delivery.clone()).await.unwrap(), Outcome::AlreadyThere(seq));
    let again = log.append_batch(vec![delivery]).await.unwrap().remove(0).unwrap();
    assert_eq!(again, Outcome::AlreadyThere(seq));
    assert_eq!(at(&*log, CASES, "case.retry").await.len(), 1);
}

/// A single writer's retry finds its own record at the end of the subject.
pub async fn l13_a_retried_single_writer_append_is_already_there(h: &dyn Harness) {
    let log = h.open().await;
    let first = record("case.journal", "e1", Expect::Last(0));
    let one = stored(log.append(first.clone()).await.unwrap());
    assert_eq!(log.append(first).await.unwrap(), Outcome::AlreadyThere(one));

    let second = record("case.journal", "e2", Expect::Last(one));
    let two = stored(log.append(second.clone()).await.unwrap());
    drop(log);
    h.restart().await;

    let log = h.open().await;
    assert_eq!(log.append(second.clone()).await.unwrap(), Outcome::AlreadyThere(two));
    let again = log.append_batch(vec![second]).await.unwrap().remove(0).unwrap();
    assert_eq!(again, Outcome::AlreadyThere(two));
    assert_eq!(at(&*log, CASES, "case.journal").await.len(), 2);
}

/// A writer that was overtaken is told by whom it was, and leaves no trace.
pub async fn l14_a_stale_expectation_is_a_conflict_and_writes_nothing(h: &dyn Harness) {
    let log = h.open().await;
    let one = stored(log.append(record("case.fence", "a1", Expect::Last(0))).await.unwrap());
    let two = stored(log.append(record("case.fence", "b1", Expect::Last(one))).await.unwrap());

    for stale in [Expect::Last(0), Expect::Last(one), Expect::Last(two + 100)] {
        let outcome = log.append(record("case.fence", "a2", stale)).await.unwrap();
        assert_eq!(outcome, Outcome::Conflict(two), "with {stale:?}");
    }
    let never_written = log.append(record("case.unwritten", "u1", Expect::Last(7))).await.unwrap();
    assert_eq!(never_written, Outcome::Conflict(0));
    let ids: Vec<_> = at(&*log, CASES, "case.fence").await.into_iter().map(|r| r.id).collect();
    assert_eq!(ids, ["a1", "b1"]);
}

/// Two writers with the same expectation: one is stored, the other stopped, at every position of the journal.
pub async fn l14_of_two_racing_writers_one_wins_each_position(h: &dyn Harness) {
    let logs = [h.open().await, h.open().await];
    let mut last = 0;
    for round in 0..20 {
        let race = logs
            .iter()
            .enumerate()
            .map(|(writer, log)| log.append(record("case.race", &format!("{round}-by-{writer}"), Expect::Last(last))));
        let outcomes = join_all(race).await.into_iter().map(Result::unwrap).collect::<Vec<_>>();
        let won = outcomes.iter().find_map(|o| if let Outcome::Stored(seq) = o { Some(*seq) } else { None }).unwrap();
        assert!(outcomes.contains(&Outcome::Conflict(won)), "{outcomes:?}");
        last = won;
    }
    assert_eq!(at(&*logs[0], CASES, "case.race").await.len(), 20);
}
