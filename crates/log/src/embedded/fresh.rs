//! The newest records' places in an index, kept in memory until they are written in the index's own order. Pure.

use std::collections::BTreeSet;

use crate::Seq;

/// A subject's hash, and the position of a record of that subject: one row of the index.
pub type Place = (i64, Seq);

/// Places in two generations. The young one takes new places. When it is large enough it becomes the old one, which is
/// moved into the index from its lowest hash to its highest, a little with each commit: neighbours in the old
/// generation are neighbours in the index, so that many of them share a page.
#[derive(Debug)]
pub struct Fresh {
    bound: usize,
    /// The last position that was added.
    last: Seq,
    young: BTreeSet<Place>,
    old: BTreeSet<Place>,
    /// The last position of the old generation.
    old_to: Seq,
}

/// Places that go into the index with the next transaction.
#[derive(Debug, Default)]
pub struct Portion {
    /// The places, in the index's order.
    pub places: Vec<Place>,
    /// With these, every record up to this position is in the index.
    pub indexed_to: Option<Seq>,
}

impl Fresh {
    /// Nothing yet; generations of about `bound` places.
    pub fn new(bound: usize) -> Self {
        Self { bound: bound.max(1), last: 0, young: BTreeSet::new(), old: BTreeSet::new(), old_to: 0 }
    }

    /// Adds a place. A reader may find it before its record is on disk, and has to look at the record in any case.
    pub fn add(&mut self, place: Place) {
        self.last = self.last.max(place.1);
        self.young.insert(place);
    }

    /// Forgets places from a position on: their transaction failed.
    pub fn take_back(&mut self, from: Seq) {
        self.last = self.last.min(from.saturating_sub(1));
        self.young.retain(|(_, seq)| *seq < from);
    }

    /// Positions of records whose subject may have this hash.
    pub fn find(&self, hash: i64) -> impl Iterator<Item = Seq> {
        let all = (hash, Seq::MIN)..=(hash, Seq::MAX);
        self.old.range(all.clone()).chain(self.young.range(all)).map(|(_, seq)| *seq)
    }

    /// What moves beside `added` new places: a little more than came, so that the old generation is through before the
    /// young one is as large.
    pub fn next(&self, added: usize) -> Portion {
        let count = added + added / 4 + 1;
        let indexed_to = (!self.old.is_empty() && self.old.len() <= count).then_some(self.old_to);
        Portion { places: self.old.iter().take(count).copied().collect(), indexed_to }
    }

    /// The portion is in the index, and everything that was added is on disk.
    pub fn moved(&mut self, portion: &Portion) {
        for place in &portion.places {
            self.old.remove(place);
        }
        if self.old.is_empty() && self.young.len() >= self.bound {
            self.old = std::mem::take(&mut self.young);
            self.old_to = self.last;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Any order of hashes will do, as long as it is not the order of positions.
    fn hash(seq: Seq) -> i64 {
        (seq.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 1_009).cast_signed() - 500
    }

    #[test]
    fn every_place_is_in_memory_or_in_the_index_and_memory_stays_bounded() {
        let (bound, mut fresh, mut index, mut last) = (100, Fresh::new(100), BTreeMap::new(), 0);
        for commit in 0..400 {
            let added = 1 + commit * 7 % 13;
            for _ in 0..added {
                last += 1;
                fresh.add((hash(last), last));
            }
            let portion = fresh.next(added);
            assert!(portion.places.is_sorted());
            index.extend(portion.places.iter().map(|(hash, seq)| (*seq, *hash)));
            if let Some(to) = portion.indexed_to {
                assert!((1..=to).all(|seq| index.contains_key(&seq)), "not everything up to {to} is in the index");
            }
            fresh.moved(&portion);
            let kept: BTreeSet<Seq> = (1..=last).filter(|seq| !index.contains_key(seq)).collect();
            assert!(kept.iter().all(|seq| fresh.find(hash(*seq)).any(|found| found == *seq)));
            assert!(kept.len() <= 2 * bound + 13, "{} places are kept", kept.len());
        }
        assert!(index.len() > 2_500, "only {} places were moved", index.len());
    }

    #[test]
    fn a_failed_transaction_leaves_nothing_behind() {
        let mut fresh = Fresh::new(2);
        fresh.add((7, 1));
        fresh.moved(&Portion::default());
        fresh.add((7, 2));
        fresh.add((7, 3));
        fresh.take_back(2);
        assert_eq!(fresh.find(7).collect::<Vec<_>>(), [1]);
        assert_eq!(fresh.find(8).count(), 0);
    }
}
