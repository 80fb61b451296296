//! Which of many are kept: the first ones of a minute, then fewer and fewer, each with the number of those that were not.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hookwheel_core::WebhookId;

/// So many are kept of each kind before they thin out.
const FIRST: u64 = 10;
/// After so long it begins anew.
const ROUND: Duration = Duration::from_secs(60);

/// What was seen of each kind at each webhook. Both are closed sets, so this is as large as the configuration.
#[derive(Default)]
pub(super) struct Samples(Mutex<HashMap<WebhookId, HashMap<&'static str, Seen>>>);

struct Seen {
    since: Instant,
    in_round: u64,
    unkept: u64,
}

impl Samples {
    /// Counts one. If it is to be kept, how many before it were not.
    pub(super) fn take(&self, webhook: &WebhookId, kind: &'static str) -> Option<u64> {
        self.take_at(webhook, kind, Instant::now())
    }

    fn take_at(&self, webhook: &WebhookId, kind: &'static str, now: Instant) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains_key(webhook) {
            all.insert(webhook.clone(), HashMap::new());
        }
        all.get_mut(webhook)?.entry(kind).or_insert(Seen { since: now, in_round: 0, unkept: 0 }).one_more(now)
    }
}

impl Seen {
    /// Keeps the first ones, and then one each time their number has doubled: thirty at a million.
    fn one_more(&mut self, now: Instant) -> Option<u64> {
        if now.saturating_duration_since(self.since) >= ROUND {
            (self.since, self.in_round) = (now, 0);
        }
        self.in_round += 1;
        if self.in_round <= FIRST || self.in_round.is_power_of_two() {
            return Some(std::mem::take(&mut self.unkept));
        }
        self.unkept += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_leave_few_traces_and_none_is_forgotten() {
        let (samples, start) = (Samples::default(), Instant::now());
        let webhook = WebhookId::parse("wh_0000000000000001").unwrap();
        let kept: Vec<_> = (0..1_000_000).filter_map(|_| samples.take_at(&webhook, "a", start)).collect();
        assert!((20..=30).contains(&kept.len()), "{}", kept.len());
        assert_eq!(samples.take_at(&webhook, "b", start), Some(0), "another kind is told at once");
        let rest = samples.take_at(&webhook, "a", start + ROUND).unwrap();
        assert_eq!(kept.iter().sum::<u64>() + kept.len() as u64 + rest, 1_000_000);
    }
}
