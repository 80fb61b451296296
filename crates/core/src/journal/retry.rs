//! How long to wait before a model is asked again.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const CEILING: Duration = Duration::from_secs(60);
/// A provider that wants more than this is asked again after this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Full jitter between nothing and a ceiling that doubles with each failure (1 s, 2 s ... 60 s), but never before the
/// provider's own `retry_after`. `failures` counts from 1; `jitter` is in 0..1.
pub fn retry_delay(failures: u32, retry_after: Option<Duration>, jitter: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let own = doubled.min(CEILING).mul_f64(jitter.clamp(0.0, 1.0));
    own.max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_and_stops_at_a_minute() {
        let worst = |failures| retry_delay(failures, None, 1.0).as_secs();
        assert_eq!([1, 2, 3, 7, 30].map(worst), [1, 2, 4, 60, 60]);
        assert_eq!(retry_delay(5, None, 0.0), Duration::ZERO);
    }

    #[test]
    fn the_providers_wish_is_honoured_within_reason() {
        assert_eq!(retry_delay(1, Some(Duration::from_secs(7)), 0.5), Duration::from_secs(7));
        assert_eq!(retry_delay(1, Some(Duration::from_secs(86_400)), 0.5), LONGEST_RETRY_AFTER);
    }
}
