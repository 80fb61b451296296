//! A bounded memory of keys that were stored lately, so that repeats need no broker and spoil no batch.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use hookwheel_core::DeliveryId;
use hookwheel_log::Subject;

/// First delivery by subject. Only what is durable comes in here.
pub(crate) struct Recent {
    capacity: usize,
    generations: Mutex<Generations>,
}

/// When the young generation is full it becomes the old one, and the old one is forgotten: what was seen within the
/// last `capacity` keys is known for sure, at the price of one map insertion.
#[derive(Default)]
struct Generations {
    young: HashMap<Subject, DeliveryId>,
    old: HashMap<Subject, DeliveryId>,
}

impl Recent {
    /// Remembers between `capacity` and twice as many keys.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, generations: Mutex::default() }
    }

    /// The first delivery under this subject, if it is still remembered.
    pub(crate) fn first(&self, subject: &Subject) -> Option<DeliveryId> {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.get(subject).or_else(|| generations.old.get(subject)).cloned()
    }

    /// Remembers that this delivery is the first under its subject.
    pub(crate) fn remember(&self, subject: Subject, first: DeliveryId) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= self.capacity {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(subject, first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_last_keys_and_stays_bounded() {
        let recent = Recent::new(10);
        let subject = |n: usize| Subject::new(format!("hw.delivery.w.{n}")).unwrap();
        let id = DeliveryId::from_uuid_bytes([7; 16]);
        for n in 0..1_000 {
            recent.remember(subject(n), id.clone());
            assert!((n.saturating_sub(9)..=n).all(|n| recent.first(&subject(n)).is_some()));
        }
        assert_eq!(recent.first(&subject(0)), None);
        let generations = recent.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 20);
    }
}
