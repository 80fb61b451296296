//! A bound on what anyone may have us do, each second.

use std::sync::atomic::{AtomicU64, Ordering};

use hookwheel_core::Timestamp;

/// Most in one second of the clock.
const MOST: u64 = 20;

/// Counts within the current second: the second above, the count in the low 16 bits.
#[derive(Debug, Default)]
pub(crate) struct Pace(AtomicU64);

impl Pace {
    /// Whether one more is fine.
    pub(crate) fn allows(&self, now: Timestamp) -> bool {
        let second = u64::try_from(now.secs()).unwrap_or(0) << 16;
        let next = |seen: u64| match seen & !0xffff == second {
            false => Some(second | 1),
            true => (seen & 0xffff < MOST).then_some(seen + 1),
        };
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_second_and_again_in_the_next() {
        let pace = Pace::default();
        for second in [7, 8, 1_761_100_033] {
            let now = Timestamp::from_secs(second);
            assert_eq!((0..100).filter(|_| pace.allows(now)).count(), 20, "{second}");
        }
    }
}
