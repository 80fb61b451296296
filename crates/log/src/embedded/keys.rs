//! A bucket's keys in memory, and how a group of writes to them ends. Pure; time is an argument.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use crate::{BucketEntry, Revision, Swap};

/// One key's value and life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The bytes.
    pub bytes: Bytes,
    /// Its revision.
    pub revision: Revision,
    /// When it ends, microseconds since the Unix epoch.
    pub expires: Option<i64>,
}

/// What must be true of a key for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    Anything,
    /// It is absent or expired.
    Absent,
    /// Its revision is this one.
    Revision(Revision),
}

/// One write.
#[derive(Debug, Clone)]
pub struct Write {
    /// The key.
    pub key: String,
    /// The new value; `None` removes it.
    pub value: Option<Bytes>,
    /// How long it lives.
    pub ttl: Option<Duration>,
    /// The expectation.
    pub guard: Guard,
}

/// Every key of a bucket.
#[derive(Debug, Default)]
pub struct Keys {
    values: BTreeMap<String, Value>,
    revision: Revision,
}

/// Writes that are decided but not yet in the tables.
#[derive(Debug, Default)]
pub struct Draft {
    /// The keys' new values; `None`: removed.
    pub changed: BTreeMap<String, Option<Value>>,
    /// The bucket's revision after them.
    pub revision: Revision,
}

impl Keys {
    /// What the tables hold.
    pub fn restore(values: BTreeMap<String, Value>, revision: Revision) -> Self {
        Self { values, revision }
    }

    /// A live entry.
    pub fn get(&self, key: &str, now_micros: i64) -> Option<BucketEntry> {
        let value = self.values.get(key).filter(|value| lives(value, now_micros))?;
        Some(BucketEntry { key: key.into(), value: value.bytes.clone(), revision: value.revision })
    }

    /// Every live entry, by key.
    pub fn entries(&self, now_micros: i64) -> Vec<BucketEntry> {
        self.values.keys().filter_map(|key| self.get(key, now_micros)).collect()
    }

    /// Begins a group of writes.
    pub fn draft(&self) -> Draft {
        Draft { changed: BTreeMap::new(), revision: self.revision }
    }

    /// Decides one write; later ones see it.
    pub fn decide(&self, draft: &mut Draft, write: Write, now_micros: i64) -> Swap {
        let current = match draft.changed.get(&write.key) {
            Some(changed) => changed.as_ref(),
            None => self.values.get(&write.key),
        };
        let current = current.filter(|value| lives(value, now_micros)).map(|value| value.revision);
        let admitted = match write.guard {
            Guard::Anything => true,
            Guard::Absent => current.is_none(),
            Guard::Revision(wanted) => current == Some(wanted),
        };
        if !admitted {
            return Swap::Lost;
        }
        draft.revision += 1;
        let revision = draft.revision;
        let ends = |ttl: Duration| now_micros.saturating_add(i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX));
        let value = write.value.map(|bytes| Value { bytes, revision, expires: write.ttl.map(ends) });
        draft.changed.insert(write.key, value);
        Swap::Done(revision)
    }

    /// Removes expired keys from the draft's point of view.
    pub fn expire(&self, draft: &mut Draft, now_micros: i64) {
        let expired = self.values.iter().filter(|(_, value)| !lives(value, now_micros)).map(|(key, _)| key);
        for key in expired.cloned().collect::<BTreeSet<_>>() {
            draft.changed.entry(key).or_insert(None);
        }
    }

    /// The draft is in the tables now.
    pub fn commit(&mut self, draft: Draft) -> Revision {
        for (key, value) in draft.changed {
            match value {
                Some(value) => self.values.insert(key, value),
                None => self.values.remove(&key),
            };
        }
        self.revision = draft.revision;
        self.revision
    }
}

fn lives(value: &Value, now_micros: i64) -> bool {
    value.expires.is_none_or(|end| now_micros < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(key: &str, guard: Guard) -> Write {
        Write { key: key.into(), value: Some(Bytes::from_static(b"v")), ttl: Some(Duration::from_micros(10)), guard }
    }

    #[test]
    fn writes_of_one_group_see_each_other_and_an_expired_key_is_absent() {
        let mut keys = Keys::default();
        let mut draft = keys.draft();
        assert_eq!(keys.decide(&mut draft, write("a", Guard::Absent), 100), Swap::Done(1));
        assert_eq!(keys.decide(&mut draft, write("a", Guard::Absent), 100), Swap::Lost);
        assert_eq!(keys.decide(&mut draft, write("a", Guard::Revision(1)), 100), Swap::Done(2));
        assert_eq!(keys.get("a", 100), None, "nothing is seen before it is written");
        assert_eq!(keys.commit(draft), 2);
        assert_eq!(keys.get("a", 109).map(|entry| entry.revision), Some(2));
        assert_eq!(keys.get("a", 110), None);

        let mut draft = keys.draft();
        assert_eq!(keys.decide(&mut draft, write("a", Guard::Revision(2)), 110), Swap::Lost);
        keys.expire(&mut draft, 110);
        assert_eq!(draft.changed.get("a"), Some(&None));
        assert_eq!(keys.decide(&mut draft, write("a", Guard::Absent), 110), Swap::Done(3));
    }
}
