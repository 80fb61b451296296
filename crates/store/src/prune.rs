//! Retention: what both engines agree to delete (S8).
//!
//! A delivery goes with its request, event, runs, steps and duplicates. Beside those there are strays: rows that facts
//! began whose delivery is gone or never came, and rejections, which belong to no delivery. Runs go by
//! the time in their delivery's id, which an index finds, rejections by their own.

use hookwheel_core::Timestamp;

/// Deliveries deleted in one transaction: it is short, so folding goes on between two of them.
pub(crate) const CHUNK: i64 = 500;

/// What one transaction deleted.
pub(crate) struct Pruned {
    /// Deliveries that were listed.
    pub(crate) listed: u64,
    /// Whether there are no more.
    pub(crate) is_last: bool,
}

impl Pruned {
    /// Of rows with their id and whether they were listed.
    pub(crate) fn of(rows: &[(String, bool)]) -> Self {
        Self {
            listed: rows.iter().filter(|(_, listed)| *listed).count() as u64,
            is_last: i64::try_from(rows.len()).is_ok_and(|count| count < CHUNK),
        }
    }
}

/// Ids of deliveries begin with their time, so those of older ones sort before this.
pub(crate) fn oldest_id_kept(before: Timestamp) -> String {
    format!("dlv_{:012x}", before.millis().clamp(0, (1 << 48) - 1))
}
