//! Signed times: how they are written, and the window they must fall into.

use hookwheel_core::Timestamp;
use hookwheel_core::webhook::TimeUnit;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Refusal;

/// Reads a time as senders write it.
pub(super) fn read(unit: TimeUnit, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    // Digits, with a minus at most: the parser of numbers would also take a plus.
    let number = || text.parse::<i64>().ok().filter(|_| !text.starts_with('+'));
    match unit {
        TimeUnit::Seconds => number().map(Timestamp::from_secs),
        TimeUnit::Millis => number().map(|millis| Timestamp::from_micros(millis.saturating_mul(1000))),
        TimeUnit::Rfc3339 => {
            let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
            i64::try_from(at.unix_timestamp_nanos().div_euclid(1000)).ok().map(Timestamp::from_micros)
        }
    }
}

/// Writes a time the way [`read`] reads it.
pub(super) fn write(unit: TimeUnit, at: Timestamp) -> String {
    match unit {
        TimeUnit::Seconds => at.secs().to_string(),
        TimeUnit::Millis => at.millis().to_string(),
        TimeUnit::Rfc3339 => at.rfc3339(),
    }
}

/// Refuses what is too old, and as strictly what is too far ahead.
pub(super) fn within(at: Timestamp, now: Timestamp, tolerance: u32) -> Result<(), Refusal> {
    if at.secs().abs_diff(now.secs()) <= u64::from(tolerance) {
        Ok(())
    } else if at < now {
        Err(Refusal::TimestampStale)
    } else {
        Err(Refusal::TimestampFuture)
    }
}
