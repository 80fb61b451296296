//! Durations and sizes as people write them.

use std::time::Duration;

/// `250ms`, `30s`, `5m`, `1h30m`, `7d`. Units: ms, s, m, h, d.
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, unit, after) = split(rest)?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(number.checked_mul(millis)?))?;
        rest = after;
    }
    (!text.trim().is_empty()).then_some(total)
}

/// `512`, `64KiB`, `1MiB`, `2GiB` (powers of 1024), `1kB`, `25MB`, `1GB` (powers of 1000), in bytes.
pub fn size(text: &str) -> Option<u64> {
    let (number, unit, after) = split(text.trim())?;
    let bytes = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    if after.is_empty() { number.checked_mul(bytes) } else { None }
}

/// A duration in the largest units that are exact.
pub fn show_duration(duration: Duration) -> String {
    let mut millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut out = String::new();
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if millis >= length {
            out.push_str(&format!("{}{unit}", millis / length));
            millis %= length;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// A size in the largest unit that is exact.
pub fn show_size(bytes: u64) -> String {
    let exact = |shift: u32| bytes >= 1 << shift && bytes.trailing_zeros() >= shift;
    match [(30, "GiB"), (20, "MiB"), (10, "KiB")].into_iter().find(|(shift, _)| exact(*shift)) {
        Some((shift, unit)) => format!("{}{unit}", bytes >> shift),
        None => format!("{bytes}B"),
    }
}

/// Number, unit, and what follows.
fn split(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_start();
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, after) = rest.split_at(letters);
    Some((number.parse().ok()?, unit, after.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_and_shown() {
        for (text, millis) in
            [("250ms", 250), ("30s", 30_000), ("1h30m", 5_400_000), ("7d", 604_800_000), ("2 h", 7_200_000)]
        {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "30", "s", "5 parsecs", "-1s", "1.5h", "99999999999999999999s", "184467440737095516d"] {
            assert_eq!(duration(text), None, "{text}");
        }
        for (text, bytes) in [("512", 512), ("64KiB", 65_536), ("1 MiB", 1_048_576), ("25MB", 25_000_000), ("7B", 7)] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "MiB", "1MiBs", "1MiB2", "99999999999GiB", "1.5MiB", "-1"] {
            assert_eq!(size(text), None, "{text}");
        }
        assert_eq!(show_duration(Duration::from_millis(5_400_250)), "1h30m250ms");
        assert_eq!((show_size(25 << 20), show_size(1500), show_size(0)), ("25MiB".into(), "1500B".into(), "0B".into()));
    }
}
