//! The ledger of one limit: how many tokens were granted in each second of the horizon.
//!
//! A replica reads its clock, grants itself tokens in the ledger (compare-and-set) and spends them within
//! [`SPEND_WITHIN`] of that reading, or not at all. Clocks differ by at most [`MAX_SKEW`] from each other, so each is at most half of it
//! from their middle, which is called the time here.
//!
//! Why no window holds more than the limit: say that two tokens are spent at `u` and later at `v`, less than 60 s apart. The first
//! was written into a slot of at least `floor(u - 2)`: its clock was read at most 1 s before and was at most 1 s slow, and a
//! slot is never before the ledger's newest. The second was written into a slot of at most `floor(v + 1)`: whoever gave the ledger its
//! newest slot did so before `v`, with a clock at most 1 s fast. The slots are thus at most 63 apart, and a grant counts all
//! slots of the last 64, itself included. So the last grant of any window has counted all others of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What limits are counted over.
pub const WINDOW: Duration = Duration::from_secs(60);
/// Tokens are spent within this long from the clock reading they were granted with, or not at all.
pub const SPEND_WITHIN: Duration = Duration::from_secs(1);
/// How far two replicas' clocks may be apart. Beyond this the limit is only approximate.
pub const MAX_SKEW: Duration = Duration::from_secs(2);

/// Window, time to spend, clocks, and a slot for rounding, in slots.
const HORIZON: i64 = 60 + 1 + 2 + 1;
/// How far ahead of our clock the newest slot of a sound ledger can be.
const AHEAD: i64 = 2 + 1;

/// Granted tokens of one limit. Bounded: one entry for each second of the horizon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Second and tokens, ascending.
    slots: Vec<(i64, u32)>,
    /// Somebody was sent away lately: until this second the tokens are handed out evenly, so that those who wait are
    /// served in a stream instead of a heap once a minute.
    #[serde(default)]
    even_until: i64,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Tokens to spend; at most as many as were asked for.
    pub tokens: u32,
    /// Where they are written, for giving them back.
    pub slot: i64,
    /// When there may be more, if there were too few.
    pub more_at: Option<Timestamp>,
}

impl Ledger {
    /// Grants up to `asked` tokens of a limit of so many in each window.
    pub fn grant(&mut self, now: Timestamp, asked: u32, limit: u32) -> Grant {
        let slot = self.settle(now);
        let used = self.used();
        let free = limit.saturating_sub(used);
        let room = if slot < self.even_until { free.min(pace(limit).saturating_sub(self.at(slot))) } else { free };
        let tokens = asked.min(room);
        self.add(slot, tokens);
        let more_at = (tokens < asked).then(|| {
            // Not each time: a ledger that stays as it was need not be written.
            if self.even_until < slot + HORIZON / 2 {
                self.even_until = slot + HORIZON;
            }
            Timestamp::from_secs(if free > tokens { slot + 1 } else { self.reopens(slot, limit) })
        });
        Grant { tokens, slot, more_at }
    }

    /// Takes back tokens that were not spent and never will be.
    pub fn give_back(&mut self, slot: i64, tokens: u32) {
        if let Some((_, granted)) = self.slots.iter_mut().find(|(at, _)| *at == slot) {
            *granted = granted.saturating_sub(tokens);
        }
        self.slots.retain(|(_, granted)| *granted > 0);
    }

    /// Whether somebody was sent away within the last minute or so, and may still be waiting.
    pub fn is_pressed(&self, now: Timestamp) -> bool {
        now.secs() < self.even_until
    }

    /// A ledger whose limit is used up right now: what to go on with when one cannot be read.
    pub fn spent(now: Timestamp, limit: u32) -> Self {
        Self { slots: vec![(now.secs(), limit)], even_until: 0 }
    }

    /// The bytes that are stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Forgets what is beyond the horizon and returns the slot of this moment.
    fn settle(&mut self, now: Timestamp) -> i64 {
        let now = now.secs();
        // A clock far ahead has written here. Taking its slots for fresh ones is safe, and ends by itself.
        self.slots.iter_mut().for_each(|(at, _)| *at = (*at).min(now + AHEAD));
        self.even_until = self.even_until.min(now + AHEAD + HORIZON);
        let slot = self.slots.last().map_or(now, |(newest, _)| now.max(*newest));
        self.slots.retain(|(at, _)| slot - at < HORIZON);
        slot
    }

    fn used(&self) -> u32 {
        self.slots.iter().fold(0, |sum, (_, tokens)| sum.saturating_add(*tokens))
    }

    fn at(&self, slot: i64) -> u32 {
        self.slots.iter().filter(|(at, _)| *at == slot).fold(0, |sum, (_, tokens)| sum.saturating_add(*tokens))
    }

    fn add(&mut self, slot: i64, tokens: u32) {
        match self.slots.last_mut() {
            _ if tokens == 0 => {}
            Some((newest, granted)) if *newest == slot => *granted = granted.saturating_add(tokens),
            _ => self.slots.push((slot, tokens)),
        }
    }

    /// The first slot from which on less than the limit is used.
    fn reopens(&self, slot: i64, limit: u32) -> i64 {
        let mut used = self.used();
        for (at, tokens) in &self.slots {
            used = used.saturating_sub(*tokens);
            if used < limit {
                return at + HORIZON;
            }
        }
        slot + HORIZON
    }
}

/// The even share of one second.
fn pace(limit: u32) -> u32 {
    limit.div_ceil(60)
}
