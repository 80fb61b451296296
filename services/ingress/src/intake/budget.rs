//! How much memory all bodies together may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of bodies that are being read or not yet durable.
#[derive(Clone)]
pub(crate) struct Budget(Arc<State>);

struct State {
    limit: u64,
    taken: AtomicU64,
}

/// A part of the budget; given back when dropped.
pub(crate) struct Share {
    budget: Budget,
    bytes: u64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Self {
        Self(Arc::new(State { limit, taken: AtomicU64::new(0) }))
    }

    /// A share that is still empty.
    pub(crate) fn share(&self) -> Share {
        Share { budget: self.clone(), bytes: 0 }
    }
}

impl Share {
    /// Takes so many bytes more; false when they are not to be had. It never waits, so nobody waits for each other.
    pub(crate) fn grow(&mut self, bytes: u64) -> bool {
        let state = &self.budget.0;
        let before = state.taken.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > state.limit {
            state.taken.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_limit_and_come_back() {
        let budget = Budget::new(10);
        let (mut one, mut two) = (budget.share(), budget.share());
        assert!(one.grow(6) && two.grow(4) && !two.grow(1));
        drop(one);
        assert!(two.grow(6) && !two.grow(1));
    }
}
