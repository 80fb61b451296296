//! The versions of one sealed secret: which of them count at a moment, and how one follows another.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The one installation there is; part of what a seal is bound to.
pub const TENANT: &str = "default";
/// The name of a webhook's own secret among its fields; part of what a seal is bound to.
pub const WEBHOOK_SECRET: &str = "webhook_secret";

/// Every version of one secret that still matters. Values are sealed; nothing here can be read without the master key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The highest number ever given out; numbers are never used again.
    pub last: u32,
    /// In no particular order; at most one is current and at most one is next.
    pub versions: Vec<Version>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Counted from 1. Part of what the seal is bound to.
    pub number: u32,
    /// What it is to the others.
    pub state: State,
    /// When it stops being accepted. Only a previous version has an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// Tells values apart without giving them away.
    pub fingerprint: String,
    /// The value, sealed.
    pub sealed: String,
}

/// What a version is to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// What senders use.
    Current,
    /// Accepted already, so that senders can be switched to it before it becomes current.
    Next,
    /// Accepted until its end, for senders that were not switched yet.
    Previous,
}

impl State {
    /// The name in files, metrics and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
            Self::Previous => "previous",
        }
    }
}

/// A new value, sealed under [`Versions::number_for_new`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// When it was made.
    pub created: Timestamp,
    /// Tells values apart.
    pub fingerprint: String,
    /// The value, sealed.
    pub sealed: String,
}

/// Why the versions stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A sender may use it already; replacing it would refuse that sender.
    #[error("version {0} is waiting to become current")]
    NextExists(u32),
    /// There is nothing to become current.
    #[error("there is no next version")]
    NoNext,
    /// Nothing has this number.
    #[error("there is no version {0}")]
    Unknown(u32),
}

impl Versions {
    /// The number that the next new version must be sealed under.
    pub fn number_for_new(&self) -> u32 {
        self.last.saturating_add(1)
    }

    /// The version in this state that counts first.
    pub fn in_state(&self, state: State) -> Option<&Version> {
        self.versions.iter().find(|version| version.state == state)
    }

    /// What is accepted at this time: current, next, then what was current, latest first.
    pub fn live(&self, now: Timestamp) -> Vec<&Version> {
        let mut live: Vec<_> = self.versions.iter().filter(|version| version.is_live(now)).collect();
        live.sort_by_key(|version| (version.state as u8, std::cmp::Reverse(version.number)));
        live
    }

    /// Adds a version that is accepted at once and becomes current later.
    pub fn add_next(&mut self, new: New) -> Result<u32, Refused> {
        if let Some(next) = self.in_state(State::Next) {
            return Err(Refused::NextExists(next.number));
        }
        Ok(self.add(new, State::Next))
    }

    /// Adds the current version; the one before it stays accepted for `keep`.
    pub fn add_current(&mut self, new: New, keep: Duration) -> u32 {
        self.retire(new.created, keep);
        self.add(new, State::Current)
    }

    /// Makes the next version current; the one before it stays accepted for `keep`.
    pub fn rotate(&mut self, now: Timestamp, keep: Duration) -> Result<u32, Refused> {
        let next = self.in_state(State::Next).ok_or(Refused::NoNext)?.number;
        self.retire(now, keep);
        for version in self.versions.iter_mut().filter(|version| version.number == next) {
            version.state = State::Current;
        }
        Ok(next)
    }

    /// Forgets a version at once.
    pub fn revoke(&mut self, number: u32) -> Result<Version, Refused> {
        let at = self.versions.iter().position(|version| version.number == number);
        at.map(|at| self.versions.remove(at)).ok_or(Refused::Unknown(number))
    }

    /// Forgets what is accepted no more. Says whether there was any.
    pub fn forget_expired(&mut self, now: Timestamp) -> bool {
        let before = self.versions.len();
        self.versions.retain(|version| version.is_live(now));
        self.versions.len() != before
    }

    fn retire(&mut self, now: Timestamp, keep: Duration) {
        for version in self.versions.iter_mut().filter(|version| version.state == State::Current) {
            version.state = State::Previous;
            version.expires = Some(now.plus(keep));
        }
        self.forget_expired(now);
    }

    fn add(&mut self, new: New, state: State) -> u32 {
        let New { created, fingerprint, sealed } = new;
        let number = self.number_for_new();
        self.last = number;
        self.versions.push(Version { number, state, expires: None, created, fingerprint, sealed });
        number
    }
}

impl Version {
    /// Whether it is accepted at this time; an end itself is not.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn new(at: i64) -> New {
        New { created: Timestamp::from_secs(at), fingerprint: format!("f{at}"), sealed: format!("s{at}") }
    }

    fn live(versions: &Versions, at: i64) -> Vec<(u32, State)> {
        versions.live(Timestamp::from_secs(at)).iter().map(|version| (version.number, version.state)).collect()
    }

    #[test]
    fn a_next_version_is_accepted_before_and_the_previous_one_after_a_rotation() {
        let mut versions = Versions::default();
        assert_eq!(versions.add_current(new(0), DAY), 1);
        assert_eq!(versions.add_next(new(1)), Ok(2));
        assert_eq!(live(&versions, 2), [(1, State::Current), (2, State::Next)]);
        assert_eq!(versions.add_next(new(3)), Err(Refused::NextExists(2)));
        assert_eq!(versions.rotate(Timestamp::from_secs(10), DAY), Ok(2));
        assert_eq!(live(&versions, 10), [(2, State::Current), (1, State::Previous)]);
        assert_eq!(live(&versions, 10 + 86_399), [(2, State::Current), (1, State::Previous)]);
        assert_eq!(live(&versions, 10 + 86_400), [(2, State::Current)], "an end is exclusive");
        assert_eq!(versions.rotate(Timestamp::from_secs(11), DAY), Err(Refused::NoNext));
    }

    #[test]
    fn numbers_are_never_used_again() {
        let mut versions = Versions::default();
        versions.add_current(new(0), DAY);
        versions.add_next(new(1)).unwrap();
        assert_eq!(versions.revoke(2).unwrap().sealed, "s1");
        assert_eq!(versions.revoke(2), Err(Refused::Unknown(2)));
        assert_eq!(versions.add_next(new(2)), Ok(3));
    }

    #[test]
    fn several_previous_versions_end_each_at_their_own_time() {
        let mut versions = Versions::default();
        versions.add_current(new(0), DAY);
        versions.add_current(new(100), DAY);
        versions.add_current(new(200), Duration::from_secs(50));
        assert_eq!(live(&versions, 200), [(3, State::Current), (2, State::Previous), (1, State::Previous)]);
        assert_eq!(live(&versions, 250), [(3, State::Current), (1, State::Previous)]);
        versions.add_current(new(300), Duration::ZERO);
        assert_eq!(live(&versions, 300), [(4, State::Current), (1, State::Previous)], "kept for no time at all");
        assert!(versions.versions.iter().all(|version| version.number != 2), "what has ended is forgotten");
    }

    #[test]
    fn stored_versions_are_read_back() {
        let mut versions = Versions::default();
        versions.add_current(new(0), DAY);
        versions.add_current(new(1), DAY);
        let json = serde_json::to_string(&versions).unwrap();
        assert_eq!(serde_json::from_str::<Versions>(&json).unwrap(), versions);
    }
}
