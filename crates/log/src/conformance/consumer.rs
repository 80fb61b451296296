//! L4, L5, L6: what is not acknowledged comes back, what is acknowledged does not.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::Harness;
use super::harness::{ACK_WAIT, QUICK, SLOW};
use super::kit::{fetch, fetch_one, fill, record, until};
use crate::Expect;

/// Longer than a lease: whatever would come back has come back by then.
const A_LEASE_AND_MORE: Duration = Duration::from_millis(3_500);
/// Room for clocks that count in coarse steps.
pub(super) const COARSE: Duration = Duration::from_millis(250);

/// Held and forgotten, it is handed out again after the lease, and each time the count has grown.
pub async fn l04_an_unacknowledged_record_comes_back_with_its_attempt_count(h: &dyn Harness) {
    let log = h.open().await;
    let seqs = fill(&*log, "case.quick", 1).await;
    let member = log.consumer(QUICK).await.unwrap();
    let begun = Instant::now();
    for attempt in 1..=3 {
        let held = fetch_one(&*member).await;
        assert_eq!((held.record.seq, held.attempt), (seqs[0], attempt));
        let least = (ACK_WAIT - COARSE) * (attempt - 1);
        assert!(begun.elapsed() >= least, "attempt {attempt} came inside the lease");
    }
}

/// A member that waits gets a record that is appended later.
pub async fn l04_a_new_record_wakes_a_waiting_member(h: &dyn Harness) {
    let log = h.open().await;
    let member = log.consumer(SLOW).await.unwrap();
    let waiting = tokio::spawn(async move { fetch_one(&*member).await });
    let seqs = fill(&*log, "case.slow", 1).await;
    let held = waiting.await.unwrap();
    assert_eq!((held.record.seq, held.attempt), (seqs[0], 1));
}

/// The second acknowledgement is no error, and the record stays done.
pub async fn l05_acknowledging_twice_is_harmless(h: &dyn Harness) {
    let log = h.open().await;
    let seqs = fill(&*log, "case.quick", 2).await;
    let member = log.consumer(QUICK).await.unwrap();
    let held = fetch(&*member, 2).await;
    held[0].lease.ack().await.unwrap();
    held[0].lease.ack().await.unwrap();

    let again = fetch_one(&*member).await;
    assert_eq!((again.record.seq, again.attempt), (seqs[1], 2));
    again.lease.ack().await.unwrap();
    again.lease.ack().await.unwrap();
    assert!(member.fetch(10, A_LEASE_AND_MORE).await.unwrap().is_empty());
}

/// After a restart in good order the group goes on where it was: the gaps first, nothing done twice.
pub async fn l06_a_restarted_consumer_resumes_at_what_was_not_acknowledged(h: &dyn Harness) {
    let log = h.open().await;
    let seqs = fill(&*log, "case.quick", 10).await;
    let member = log.consumer(QUICK).await.unwrap();
    let gaps = [seqs[3], seqs[7]];
    for held in fetch(&*member, 10).await {
        if !gaps.contains(&held.record.seq) {
            held.lease.ack().await.unwrap();
        }
    }
    until("eight acknowledgements have arrived", async || (member.depth().await.unwrap().held == 2).then_some(()))
        .await;
    drop((member, log));
    h.restart().await;

    let log = h.open().await;
    let member = log.consumer(QUICK).await.unwrap();
    let mut back = Vec::new();
    for held in fetch(&*member, 2).await {
        assert!(held.attempt >= 2, "the count was lost");
        back.push(held.record.seq);
        held.lease.ack().await.unwrap();
    }
    back.sort_unstable();
    assert_eq!(back, gaps);
    let new = fill(&*log, "case.quick.new", 1).await;
    assert_eq!(fetch_one(&*member).await.record.seq, new[0]);
}

/// A crash may bring acknowledged records back, and never loses one that was not.
pub async fn l06_a_crash_skips_nothing(h: &dyn Harness) {
    let log = h.open().await;
    let seqs = fill(&*log, "case.quick", 40).await;
    let member = log.consumer(QUICK).await.unwrap();
    for held in fetch(&*member, 20).await.into_iter().take(10) {
        held.lease.ack().await.unwrap();
    }
    drop((member, log));
    h.crash().await;

    let log = h.open().await;
    let member = log.consumer(QUICK).await.unwrap();
    let mut missing: BTreeSet<u64> = seqs[10..].iter().copied().collect();
    until("every unacknowledged record is back", async || {
        for held in member.fetch(50, Duration::from_secs(1)).await.unwrap() {
            assert!(seqs.contains(&held.record.seq));
            missing.remove(&held.record.seq);
            held.lease.ack().await.unwrap();
        }
        missing.is_empty().then_some(())
    })
    .await;
}

/// Records beside the filter are neither handed out nor counted.
pub async fn l06_a_consumer_sees_only_its_subjects(h: &dyn Harness) {
    let log = h.open().await;
    fill(&*log, "case.strict", 3).await;
    log.append(record("case.slow", "prefix-itself", Expect::Anything)).await.unwrap();
    log.append(record("case.slower.x", "longer-token", Expect::Anything)).await.unwrap();
    let seqs = fill(&*log, "case.slow", 2).await;
    let member = log.consumer(SLOW).await.unwrap();
    let held: Vec<_> = fetch(&*member, 2).await.iter().map(|held| held.record.seq).collect();
    assert_eq!(held, seqs);
    assert_eq!(member.depth().await.unwrap().pending, 0);
}
