//! How the records of one call are cut into atomic batches: pure.

use std::collections::HashMap;
use std::ops::Range;

use super::wire::Wire;
use crate::Expect;

/// The most records in one batch; the broker takes 1,000 (T22), and more than this gains nothing.
const MAX_RECORDS: usize = 256;
/// The most bytes in one batch.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What to do with records, by their place in the call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// The records to be sent, in order.
    pub order: Vec<usize>,
    /// Batches, as ranges of `order`, one after the other. No batch expects two things of one subject.
    pub batches: Vec<Range<usize>>,
    /// Copies: (this record, the earlier one that goes first). What is stored already is not sent a second time.
    pub copies: Vec<(usize, usize)>,
}

/// Cuts the records of a call.
pub(super) fn plan<'a>(records: impl IntoIterator<Item = (usize, &'a Wire)>) -> Plan {
    let mut plan = Plan::default();
    let records = records.into_iter();
    let mut first: HashMap<&str, usize> = HashMap::with_capacity(records.size_hint().1.unwrap_or_default());
    let mut open = Batch::default();
    for (place, wire) in records {
        let subject = wire.subject.as_str();
        if let (Expect::Empty, Some(earlier)) = (wire.expect, first.get(subject)) {
            plan.copies.push((place, *earlier));
            continue;
        }
        if !open.takes(wire) {
            plan.batches.push(open.start..plan.order.len());
            open = Batch { start: plan.order.len(), ..Batch::default() };
        }
        open.add(wire);
        plan.order.push(place);
        if wire.expect == Expect::Empty {
            first.insert(subject, place);
        }
    }
    if open.start < plan.order.len() {
        plan.batches.push(open.start..plan.order.len());
    }
    plan
}

/// The batch being filled.
#[derive(Default)]
struct Batch<'a> {
    start: usize,
    records: usize,
    bytes: usize,
    /// Subjects in it, and whether something is expected of them.
    subjects: HashMap<&'a str, bool>,
}

impl<'a> Batch<'a> {
    fn takes(&self, wire: &Wire) -> bool {
        let room = self.records < MAX_RECORDS && self.bytes + wire.size() <= MAX_BYTES;
        let clash = self.subjects.get(wire.subject.as_str()).is_some_and(|expects| *expects || expects_something(wire));
        self.records == 0 || (room && !clash)
    }

    fn add(&mut self, wire: &'a Wire) {
        self.records += 1;
        self.bytes += wire.size();
        *self.subjects.entry(&wire.subject).or_default() |= expects_something(wire);
    }
}

fn expects_something(wire: &Wire) -> bool {
    wire.expect != Expect::Anything
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(subject: &str, expect: Expect, bytes: usize) -> Wire {
        Wire {
            subject: subject.to_owned().into(),
            id: "id".into(),
            headers: Vec::new(),
            orders: Vec::new(),
            payload: vec![0; bytes].into(),
            expect,
        }
    }

    fn planned(records: &[Wire]) -> Plan {
        plan(records.iter().enumerate())
    }

    #[test]
    fn different_subjects_go_together() {
        let records: Vec<_> = (0..300).map(|n| wire(&format!("s.{n}"), Expect::Empty, 10)).collect();
        assert_eq!(planned(&records).batches, [0..256, 256..300]);
    }

    #[test]
    fn a_copy_waits_for_the_record_it_copies() {
        let records = ["a", "b", "a", "a"].map(|subject| wire(subject, Expect::Empty, 10));
        let plan = planned(&records);
        assert_eq!((plan.order, plan.batches.len(), plan.copies), (vec![0, 1], 1, vec![(2, 0), (3, 0)]));
    }

    #[test]
    fn a_second_expectation_of_one_subject_opens_a_new_batch() {
        let expects = [Expect::Last(0), Expect::Last(1), Expect::Anything, Expect::Anything, Expect::Last(4)];
        let records = expects.map(|expect| wire("a", expect, 10));
        assert_eq!(planned(&records).batches, [0..1, 1..2, 2..4, 4..5]);
    }

    #[test]
    fn a_batch_is_bounded_in_bytes() {
        let records: Vec<_> = (0..10).map(|n| wire(&format!("s.{n}"), Expect::Anything, 3 << 20)).collect();
        assert_eq!(planned(&records).batches, [0..2, 2..4, 4..6, 6..8, 8..10]);
    }

    #[test]
    fn nothing_is_no_batch() {
        assert_eq!(planned(&[]), Plan::default());
    }
}
