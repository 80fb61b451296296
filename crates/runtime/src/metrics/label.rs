//! Keeping labels inside closed or bounded sets, so that no sender can grow the number of series.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::SharedString;

/// What a label says when its value is not one of ours.
pub const OTHER: &str = "other";

/// The set's own copy of the value, or [`OTHER`].
pub fn known(value: &str, set: &[&'static str]) -> &'static str {
    set.iter().find(|one| **one == value).copied().unwrap_or(OTHER)
}

/// Takes the first so many distinct values as they come; every later one is [`OTHER`]. For event types of verified
/// deliveries, say, whose set is not ours.
#[derive(Debug)]
pub struct Bounded {
    limit: usize,
    seen: RwLock<BTreeMap<String, Arc<str>>>,
}

impl Bounded {
    /// At most `limit` values beside [`OTHER`].
    pub fn new(limit: usize) -> Self {
        Self { limit, seen: RwLock::default() }
    }

    /// The value as a label, allocated once per distinct value. Over 64 bytes is [`OTHER`].
    pub fn label(&self, value: &str) -> SharedString {
        const LONGEST: usize = 64;
        if let Some(seen) = self.seen.read().unwrap_or_else(PoisonError::into_inner).get(value) {
            return Arc::clone(seen).into();
        }
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if value.len() > LONGEST || (seen.len() >= self.limit && !seen.contains_key(value)) {
            return OTHER.into();
        }
        Arc::clone(seen.entry(value.to_owned()).or_insert_with(|| value.into())).into()
    }
}
