//! A group's state against the clock: leases, delays, limits, and what is written down.

use super::*;
use crate::SubjectFilter;

const LEASE: Duration = Duration::from_secs(30);

fn group(max_attempts: Option<u32>, now: Instant) -> Group {
    let spec =
        ConsumerSpec { name: "g", stream: "S", filter: SubjectFilter::All, ack_wait: LEASE, max_attempts, max_held: 3 };
    Group::restore(spec, 1, &[], 10, now, 0)
}

#[test]
fn a_lease_ends_at_its_time_and_not_before() {
    let now = Instant::now();
    let mut group = group(None, now);
    assert_eq!(group.lend_new(&[1, 2], 3, now), [1, 2]);
    assert_eq!(group.due(now + LEASE - Duration::from_millis(1), 9), Due::default());
    group.prolong(2, 1, now + Duration::from_secs(10));
    assert_eq!(group.due(now + LEASE, 9).again, [1]);
    assert_eq!(group.lend_again(1, now + LEASE), Some(2));
    assert_eq!(group.lend_again(1, now + LEASE), None, "it is in somebody's hands");
    assert_eq!(group.due(now + LEASE + Duration::from_secs(10), 9).again, [2]);
    assert_eq!(group.depth(), ConsumerDepth { pending: 8, held: 2, redelivered: 1 });
}

#[test]
fn only_the_present_holder_can_prolong_or_give_back() {
    let now = Instant::now();
    let mut group = group(None, now);
    group.lend_new(&[1], 2, now);
    assert_eq!(group.due(now + LEASE, 9).again, [1]);
    group.lend_again(1, now + LEASE);
    group.give_back(1, 1, Duration::ZERO, now + LEASE, 0);
    assert_eq!(group.due(now + LEASE, 9), Due::default(), "an earlier holder gave it away");
    group.give_back(1, 2, Duration::from_secs(60), now + LEASE, 0);
    group.prolong(1, 2, now + LEASE);
    assert_eq!(group.next_due(), Some(now + LEASE + Duration::from_secs(60)), "prolonged after it was given back");
    group.done(1);
    assert_eq!((group.next_due(), group.depth().held, group.depth().redelivered), (None, 0, 0));
}

#[test]
fn a_worn_record_is_never_handed_out_again() {
    let now = Instant::now();
    let mut group = group(Some(1), now);
    group.lend_new(&[1, 2], 3, now);
    group.give_back(1, 1, Duration::ZERO, now, 0);
    assert_eq!(group.due(now, 9), Due { again: vec![], worn: vec![1] });
    group.done(1);
    assert_eq!(group.due(now, 9), Due::default());
    assert_eq!(group.room(), 2);
}

#[test]
fn only_what_changed_is_written_down_and_a_failed_write_is_tried_again() {
    let now = Instant::now();
    let mut group = group(None, now);
    assert_eq!(group.take_changes(), None);
    group.lend_new(&[1, 2, 3], 4, now);
    group.done(1);
    let kept = |seq| Keep { seq, attempt: 1, due_micros: 0 };
    let first = group.take_changes().unwrap();
    assert_eq!(first, Changes { cursor: 4, held: vec![kept(2), kept(3)], gone: vec![] });
    assert_eq!(group.take_changes(), None);

    group.done(2);
    group.give_back(3, 1, Duration::from_secs(5), now, 1_000_000);
    let delayed = Keep { due_micros: 6_000_000, ..kept(3) };
    let second = group.take_changes().unwrap();
    assert_eq!(second, Changes { cursor: 4, held: vec![delayed], gone: vec![2] });
    group.put_back(&second);
    assert_eq!(group.take_changes(), Some(second));
}

#[test]
fn a_restored_group_keeps_delays_and_ends_leases() {
    let now = Instant::now();
    let spec = group(None, now).spec;
    let held = [
        Keep { seq: 3, attempt: 2, due_micros: 0 },
        Keep { seq: 5, attempt: 1, due_micros: 61_000_000 },
        Keep { seq: 6, attempt: 1, due_micros: 500_000 },
    ];
    let mut group = Group::restore(spec, 9, &held, 4, now, 1_000_000);
    assert_eq!(group.due(now, 9).again, [3, 6]);
    assert_eq!(group.next_due(), Some(now + Duration::from_secs(60)));
    assert_eq!(group.depth(), ConsumerDepth { pending: 4, held: 3, redelivered: 1 });
    assert_eq!(group.lend_again(3, now), Some(3));
    assert_eq!(group.take_changes().unwrap().held.len(), 1);
}

#[test]
fn records_that_age_out_are_no_longer_pending() {
    let now = Instant::now();
    let mut group = group(None, now);
    group.lend_new(&[1, 2], 3, now);
    group.dropped([1, 2, 3, 4].into_iter(), 4);
    assert_eq!((group.cursor(), group.depth().pending), (5, 6));
    assert!(group.lend_new(&[3, 4], 5, now).is_empty(), "a stale read lends what is gone");
}
