//! L7, L8, L9: how members of one group share records, prolong leases, give back and give up.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::Harness;
use super::consumer::COARSE;
use super::harness::{ACK_WAIT, CASES, NARROW, PARKED, QUICK, SLOW, STRICT};
use super::kit::{fetch, fetch_one, fill, subject, until};
use crate::{Consumer, ConsumerDepth, Log, LogError, Stored, SubjectFilter};

/// Four members empty a queue; no record is ever in two hands.
pub async fn l07_two_members_never_hold_one_record(h: &dyn Harness) {
    const RECORDS: usize = 300;
    let logs = [h.open().await, h.open().await];
    fill(&*logs[0], "case.slow", RECORDS).await;
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let members = (0..4).map(|n| {
        let (log, seen) = (logs[n % 2].clone(), seen.clone());
        tokio::spawn(async move {
            let member = log.consumer(SLOW).await.unwrap();
            while seen.lock().unwrap().len() < RECORDS {
                for held in member.fetch(7, Duration::from_millis(300)).await.unwrap() {
                    let first = seen.lock().unwrap().insert(held.record.seq);
                    assert!(first && held.attempt == 1, "record {} was handed out twice", held.record.seq);
                    held.lease.ack().await.unwrap();
                }
            }
        })
    });
    for member in members.collect::<Vec<_>>() {
        member.await.unwrap();
    }
}

/// Three held records fill the group; one acknowledgement makes room for one more.
pub async fn l07_a_group_holds_no_more_than_its_limit(h: &dyn Harness) {
    let log = h.open().await;
    let seqs = fill(&*log, "case.narrow", 5).await;
    let members = [log.consumer(NARROW).await.unwrap(), log.consumer(NARROW).await.unwrap()];
    let held = fetch(&*members[0], 3).await;
    assert!(members[1].fetch(5, Duration::from_millis(500)).await.unwrap().is_empty(), "a fourth was handed out");
    held[1].lease.ack().await.unwrap();
    assert_eq!(fetch_one(&*members[1]).await.record.seq, seqs[3]);
    assert!(members[0].fetch(5, Duration::from_millis(500)).await.unwrap().is_empty(), "a fifth was handed out");
}

/// Pending, held and redelivered are counted for the whole group.
pub async fn l07_depth_tells_how_far_behind_a_group_is(h: &dyn Harness) {
    let log = h.open().await;
    fill(&*log, "case.slow", 5).await;
    let member = log.consumer(SLOW).await.unwrap();
    depth(&*member, ConsumerDepth { pending: 5, held: 0, redelivered: 0 }).await;
    let held = fetch(&*member, 2).await;
    depth(&*member, ConsumerDepth { pending: 3, held: 2, redelivered: 0 }).await;
    held[0].lease.nak(Duration::ZERO).await.unwrap();
    let again = fetch_one(&*member).await;
    assert_eq!(again.attempt, 2);
    depth(&*member, ConsumerDepth { pending: 3, held: 2, redelivered: 1 }).await;
    again.lease.ack().await.unwrap();
    depth(&*member, ConsumerDepth { pending: 3, held: 1, redelivered: 0 }).await;
}

/// A lease that is prolonged in time runs its whole length again.
pub async fn l08_progress_delays_redelivery(h: &dyn Harness) {
    let log = h.open().await;
    fill(&*log, "case.quick", 1).await;
    let member = log.consumer(QUICK).await.unwrap();
    let held = fetch_one(&*member).await;
    let mut prolonged = Instant::now();
    for _ in 0..4 {
        assert!(member.fetch(1, ACK_WAIT / 3).await.unwrap().is_empty(), "it came back in spite of progress");
        prolonged = Instant::now();
        held.lease.progress().await.unwrap();
    }
    assert_eq!(fetch_one(&*member).await.attempt, 2);
    assert!(prolonged.elapsed() >= ACK_WAIT - COARSE, "it came back {:?} after progress", prolonged.elapsed());
}

/// The delay counts, even when it is longer than the lease.
pub async fn l08_a_delayed_nak_is_honoured(h: &dyn Harness) {
    const DELAY: Duration = Duration::from_secs(3);
    let log = h.open().await;
    let seqs = fill(&*log, "case.quick", 1).await;
    let member = log.consumer(QUICK).await.unwrap();
    let held = fetch_one(&*member).await;
    let given_back = Instant::now();
    held.lease.nak(DELAY).await.unwrap();
    let again = fetch_one(&*member).await;
    assert_eq!((again.record.seq, again.attempt), (seqs[0], 2));
    assert!(given_back.elapsed() >= DELAY - COARSE, "it came back after {:?}", given_back.elapsed());
}

/// Given back without a delay, it does not wait for the lease to end.
pub async fn l08_a_plain_nak_comes_back_at_once(h: &dyn Harness) {
    let log = h.open().await;
    let seqs = fill(&*log, "case.slow", 1).await;
    let member = log.consumer(SLOW).await.unwrap();
    for attempt in 1..=5 {
        let held = fetch_one(&*member).await;
        assert_eq!((held.record.seq, held.attempt), (seqs[0], attempt));
        held.lease.nak(Duration::ZERO).await.unwrap();
    }
}

/// After two attempts there is no third, but a note that says which record it was.
pub async fn l09_after_the_attempt_limit_a_record_is_parked(h: &dyn Harness) {
    let log = h.open().await;
    let seqs = fill(&*log, "case.strict", 2).await;
    let member = log.consumer(STRICT).await.unwrap();
    let [poison, good] = [seqs[0], seqs[1]];
    let note = until("the poison is parked", async || {
        for held in member.fetch(2, Duration::from_millis(500)).await.unwrap() {
            assert!(held.attempt <= 2, "attempt {} was handed out", held.attempt);
            if held.record.seq == good {
                held.lease.ack().await.unwrap();
            } else if held.attempt == 1 {
                held.lease.nak(Duration::ZERO).await.unwrap();
            }
        }
        parked(&*log, STRICT, poison).await
    })
    .await;
    assert_note(&note, poison, "case.strict.0");
    assert_eq!(parked(&*log, STRICT, good).await, None);
    assert!(member.fetch(2, ACK_WAIT + COARSE).await.unwrap().is_empty(), "it was handed out after parking");
    depth(&*member, ConsumerDepth::default()).await;
}

/// A holder that gives up says why; the note is kept once and survives a crash.
pub async fn l09_a_holder_can_park_a_record(h: &dyn Harness) {
    let log = h.open().await;
    let seqs = fill(&*log, "case.quick", 1).await;
    let member = log.consumer(QUICK).await.unwrap();
    let held = fetch_one(&*member).await;
    held.lease.park("the body is\r\nnot what it says").await.unwrap();
    held.lease.park("a second time").await.unwrap();
    let note = until("the note is there", async || parked(&*log, QUICK, seqs[0]).await).await;
    assert_note(&note, seqs[0], "case.quick.0");
    assert_eq!(note.header("Hw-Log-Reason"), Some("the body is  not what it says"));
    depth(&*member, ConsumerDepth::default()).await;
    drop((held, member, log));
    h.crash().await;

    let log = h.open().await;
    assert_eq!(parked(&*log, QUICK, seqs[0]).await.unwrap(), note);
}

/// A reader without a lease gives up in the same way; the first note stands, and a consumer's name that is no token of a
/// subject is refused.
pub async fn l09_a_reader_can_park_a_record(h: &dyn Harness) {
    let log = h.open().await;
    let seqs = fill(&*log, "case.read", 2).await;
    let records = log.read(CASES, &SubjectFilter::All, seqs[0], 1).await.unwrap();
    log.park("reader", &records[0], "nobody\ncan read it").await.unwrap();
    log.park("reader", &records[0], "a second time").await.unwrap();
    let note = parked(&*log, "reader", seqs[0]).await.unwrap();
    assert_note(&note, seqs[0], "case.read.0");
    assert_eq!(note.header("Hw-Log-Reason"), Some("nobody can read it"));
    assert_eq!(parked(&*log, "reader", seqs[1]).await, None);
    assert!(matches!(log.park("a reader", &records[0], "why").await, Err(LogError::Invalid { .. })));
    drop(log);
    h.crash().await;

    let log = h.open().await;
    assert_eq!(parked(&*log, "reader", seqs[0]).await.unwrap(), note);
}

/// Waits until the depth is this: acknowledgements are hints and may be under way.
async fn depth(member: &dyn Consumer, wanted: ConsumerDepth) {
    let mut seen = ConsumerDepth::default();
    until(&format!("the depth is {wanted:?}"), async || {
        seen = member.depth().await.unwrap();
        (seen == wanted).then_some(())
    })
    .await;
}

async fn parked(log: &dyn Log, consumer: &str, seq: u64) -> Option<Stored> {
    log.last(PARKED, &subject(&format!("hw.parked.{consumer}.{seq}"))).await.unwrap()
}

#[track_caller]
fn assert_note(note: &Stored, seq: u64, of: &str) {
    assert!(note.header("Hw-Log-Reason").is_some_and(|why| !why.is_empty()));
    assert_eq!(note.header("Hw-Log-Stream"), Some("CASES"));
    assert_eq!(note.header("Hw-Log-Seq"), Some(seq.to_string().as_str()));
    assert_eq!(note.header("Hw-Log-Subject"), Some(of));
}
