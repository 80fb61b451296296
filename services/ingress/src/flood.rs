//! The guard before authentication: a source that fails and fails again may only try a little at a time.
//!
//! Local, approximate, bounded. Anyone can point someone else's sender at us with a wrong secret, so failing costs a source
//! nothing while it is within a budget; over it, few of its requests are looked at at once, and failures are answered 429.
//! Whoever authenticated at a webhook lately is let in there all the same, whatever else comes from the same addresses.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hookwheel_core::WebhookId;
use hookwheel_core::network::Network;

/// What failures are counted over.
const WINDOW: Duration = Duration::from_secs(10);
/// Seconds after which a flooding source should try again.
pub(crate) const RETRY_AFTER: u32 = 10;
/// Requests of one source looked at at once while it is over its budget.
const SHARE: u32 = 32;
/// Leading bits of an address that make a source.
const PREFIX: (u8, u8) = (24, 48);
/// Most sources, and most pairs, remembered in each of two generations.
const REMEMBERED: usize = 4_096;
/// A pair that authenticated is remembered for at least this long.
const LATELY: Duration = Duration::from_secs(600);

/// The guard of one replica.
pub(crate) struct Flood {
    budget: u32,
    hasher: RandomState,
    sources: Mutex<Generations<HashMap<Network, Arc<Source>>>>,
    /// Keyed hashes of source and webhook. One that collides is let in by mistake, and then its signature is checked.
    believed: Mutex<Generations<HashSet<u64>>>,
}

/// What is remembered now, and what was before. When the young one is full or old, it takes the other's place.
struct Generations<T> {
    young: T,
    old: T,
    since: Instant,
}

/// A source that has failed.
struct Source {
    since: Mutex<Instant>,
    failures: AtomicU32,
    in_hand: AtomicU32,
}

/// A request that is being looked at.
pub(crate) struct Visit<'a> {
    flood: &'a Flood,
    source: Network,
    pair: u64,
    /// Whose share it takes.
    share: Option<Arc<Source>>,
}

impl Flood {
    /// With so many failures of a source in ten seconds before it is slowed down.
    pub(crate) fn new(budget: u32) -> Self {
        let (sources, believed) = (Mutex::new(Generations::new()), Mutex::new(Generations::new()));
        Self { budget, hasher: RandomState::new(), sources, believed }
    }

    /// Whether a request from here to this webhook is looked at.
    pub(crate) fn enter(&self, peer: IpAddr, webhook: &WebhookId) -> Option<Visit<'_>> {
        let source = source(peer);
        let pair = self.hasher.hash_one((source, webhook));
        let visit = |share| Visit { flood: self, source, pair, share };
        let known = lock(&self.sources).find(&source);
        match known.filter(|known| known.failures() >= self.budget) {
            Some(_) if lock(&self.believed).holds(pair) => Some(visit(None)),
            Some(over) if over.take_share() => Some(visit(Some(over))),
            Some(_) => None,
            None => Some(visit(None)),
        }
    }
}

impl Visit<'_> {
    /// It was authenticated.
    pub(crate) fn believed(self) {
        let mut believed = lock(&self.flood.believed);
        if !believed.young.contains(&self.pair) {
            believed.age(LATELY, HashSet::len);
            believed.young.insert(self.pair);
        }
    }

    /// It was not. Returns whether its source is over the budget now.
    pub(crate) fn failed(self) -> bool {
        let mut sources = lock(&self.flood.sources);
        let source = sources.find(&self.source).unwrap_or_else(|| {
            sources.age(Duration::MAX, HashMap::len);
            let fresh = Arc::new(Source::new());
            sources.young.insert(self.source, Arc::clone(&fresh));
            fresh
        });
        drop(sources);
        source.failures.fetch_add(1, Ordering::Relaxed) >= self.flood.budget
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if let Some(source) = &self.share {
            source.in_hand.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Source {
    fn new() -> Self {
        Self { since: Mutex::new(Instant::now()), failures: AtomicU32::new(0), in_hand: AtomicU32::new(0) }
    }

    /// Failures of this window.
    fn failures(&self) -> u32 {
        let mut since = lock(&self.since);
        if since.elapsed() >= WINDOW {
            *since = Instant::now();
            self.failures.store(0, Ordering::Relaxed);
        }
        self.failures.load(Ordering::Relaxed)
    }

    fn take_share(&self) -> bool {
        let taken = self.in_hand.fetch_add(1, Ordering::Relaxed) < SHARE;
        if !taken {
            self.in_hand.fetch_sub(1, Ordering::Relaxed);
        }
        taken
    }
}

impl<T: Default> Generations<T> {
    fn new() -> Self {
        Self { young: T::default(), old: T::default(), since: Instant::now() }
    }

    /// Makes room for one more.
    fn age(&mut self, longest: Duration, len: impl Fn(&T) -> usize) {
        if len(&self.young) >= REMEMBERED || self.since.elapsed() >= longest {
            self.old = std::mem::take(&mut self.young);
            self.since = Instant::now();
        }
    }
}

impl Generations<HashMap<Network, Arc<Source>>> {
    fn find(&self, source: &Network) -> Option<Arc<Source>> {
        self.young.get(source).or_else(|| self.old.get(source)).cloned()
    }
}

impl Generations<HashSet<u64>> {
    fn holds(&self, pair: u64) -> bool {
        self.young.contains(&pair) || self.old.contains(&pair)
    }
}

fn source(peer: IpAddr) -> Network {
    let bits = if peer.to_canonical().is_ipv4() { PREFIX.0 } else { PREFIX.1 };
    Network::around(peer, bits).unwrap_or(Network::exactly(peer))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(name: &str) -> WebhookId {
        WebhookId::parse(format!("wh_{name:a<16}")).unwrap()
    }

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn fail(flood: &Flood, address: &str, times: u32) -> bool {
        (0..times).map(|_| flood.enter(peer(address), &webhook("x")).unwrap().failed()).last().unwrap()
    }

    #[test]
    fn failures_within_the_budget_cost_nothing() {
        let flood = Flood::new(10);
        assert!(!fail(&flood, "192.0.2.1", 10));
        assert!(fail(&flood, "192.0.2.77", 1), "the same source");
        assert!(!fail(&flood, "198.51.100.1", 1), "another one");
        assert!(!fail(&flood, "2001:db8::1", 10));
        assert!(fail(&flood, "2001:db8::ffff", 1));
    }

    #[test]
    fn over_the_budget_only_a_few_are_looked_at_at_once_but_whoever_was_believed_always_is() {
        let flood = Flood::new(1);
        flood.enter(peer("192.0.2.1"), &webhook("known")).unwrap().believed();
        fail(&flood, "192.0.2.1", 2);
        let in_hand: Vec<_> = (0..SHARE).map(|_| flood.enter(peer("192.0.2.1"), &webhook("x")).unwrap()).collect();
        assert!(flood.enter(peer("192.0.2.1"), &webhook("x")).is_none());
        assert!(flood.enter(peer("192.0.2.1"), &webhook("known")).is_some(), "this pair authenticated");
        assert!(flood.enter(peer("198.51.100.1"), &webhook("x")).is_some(), "another source");
        drop(in_hand);
        assert!(flood.enter(peer("192.0.2.1"), &webhook("x")).is_some());
    }

    #[test]
    fn memory_is_bounded_however_many_come() {
        let flood = Flood::new(1);
        for n in 0..50_000_u32 {
            let address = IpAddr::V4((n << 8).into());
            flood.enter(address, &webhook("x")).unwrap().failed();
            flood.enter(address, &webhook("y")).unwrap().believed();
        }
        let (sources, believed) = (lock(&flood.sources), lock(&flood.believed));
        assert!(sources.young.len() + sources.old.len() <= 2 * REMEMBERED);
        assert!(believed.young.len() + believed.old.len() <= 2 * REMEMBERED);
    }
}
