//! A consumer group's state: what is lent to whom until when, what comes back, what is done. Pure; time is an argument.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crate::{ConsumerDepth, ConsumerSpec, Seq};

/// Everything below the cursor that is not held is done; everything from it on was never handed out.
#[derive(Debug)]
pub struct Group {
    spec: ConsumerSpec,
    cursor: Seq,
    held: HashMap<Seq, Slot>,
    timers: BTreeSet<(Instant, Seq)>,
    ready: BTreeSet<Seq>,
    pending: i64,
    redelivered: u64,
    changed: BTreeSet<Seq>,
    cursor_kept: Seq,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    attempt: u32,
    until: Option<Instant>,
    /// Wall-clock end of a delay, microseconds; 0 when it is lent or ready.
    due_micros: i64,
    /// Whether the tables know of it.
    kept: bool,
}

/// A held record as the tables keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Its position.
    pub seq: Seq,
    /// How often it was handed out.
    pub attempt: u32,
    /// When it may be handed out again, microseconds since the Unix epoch; 0: at once.
    pub due_micros: i64,
}

/// What the tables don't know yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The first position that was never handed out.
    pub cursor: Seq,
    /// Held records, new or changed.
    pub held: Vec<Keep>,
    /// Records that are not held any more.
    pub gone: Vec<Seq>,
}

/// What to do with records that are due.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// To be handed out again.
    pub again: Vec<Seq>,
    /// Handed out too often: to be parked.
    pub worn: Vec<Seq>,
}

impl Group {
    /// Goes on where the tables say; leases of an earlier life are over. `pending` counts the records never handed out.
    pub fn restore(
        spec: ConsumerSpec,
        cursor: Seq,
        kept: &[Keep],
        pending: i64,
        now: Instant,
        now_micros: i64,
    ) -> Self {
        let mut group = Self {
            spec,
            cursor,
            held: HashMap::new(),
            timers: BTreeSet::new(),
            ready: BTreeSet::new(),
            pending,
            redelivered: 0,
            changed: BTreeSet::new(),
            cursor_kept: cursor,
        };
        for keep in kept {
            let slot = Slot { attempt: keep.attempt, until: None, due_micros: 0, kept: true };
            group.redelivered += u64::from(keep.attempt > 1);
            group.held.insert(keep.seq, slot);
            let left = u64::try_from(keep.due_micros.saturating_sub(now_micros)).unwrap_or_default();
            group.wait(keep.seq, Duration::from_micros(left), now, keep.due_micros);
        }
        group.changed.clear();
        group
    }

    /// The first position never handed out.
    pub fn cursor(&self) -> Seq {
        self.cursor
    }

    /// How many more records the group may hold.
    pub fn room(&self) -> usize {
        (self.spec.max_held as usize).saturating_sub(self.held.len())
    }

    /// When the next lease or delay ends.
    pub fn next_due(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Up to `max` records that are free to be handed out again, and those that no one is to see again.
    pub fn due(&mut self, now: Instant, max: usize) -> Due {
        while let Some(&(at, seq)) = self.timers.first()
            && at <= now
        {
            self.timers.pop_first();
            if let Some(slot) = self.held.get_mut(&seq) {
                slot.until = None;
                slot.due_micros = 0;
            }
            self.ready.insert(seq);
        }
        let mut due = Due::default();
        for &seq in &self.ready {
            if due.again.len() + due.worn.len() >= max {
                break;
            }
            let attempt = self.held.get(&seq).map_or(0, |slot| slot.attempt);
            let worn = self.spec.max_attempts.is_some_and(|most| attempt >= most);
            if worn { due.worn.push(seq) } else { due.again.push(seq) }
        }
        due
    }

    /// Lends a record that was due once more; `None` if it is not free any more. Returns the attempt.
    pub fn lend_again(&mut self, seq: Seq, now: Instant) -> Option<u32> {
        if !self.ready.remove(&seq) {
            return None;
        }
        let until = now + self.spec.ack_wait;
        let slot = self.held.get_mut(&seq)?;
        self.redelivered += u64::from(slot.attempt == 1);
        slot.attempt += 1;
        slot.until = Some(until);
        let attempt = slot.attempt;
        self.timers.insert((until, seq));
        self.changed.insert(seq);
        Some(attempt)
    }

    /// Lends records for the first time and moves on to `next`. Returns those that were really never handed out.
    pub fn lend_new(&mut self, seqs: &[Seq], next: Seq, now: Instant) -> Vec<Seq> {
        let until = now + self.spec.ack_wait;
        let fresh: Vec<Seq> = seqs.iter().copied().filter(|seq| *seq >= self.cursor).collect();
        for &seq in &fresh {
            self.held.insert(seq, Slot { attempt: 1, until: Some(until), due_micros: 0, kept: false });
            self.timers.insert((until, seq));
            self.changed.insert(seq);
        }
        self.pending -= fresh.len() as i64;
        self.cursor = self.cursor.max(next);
        fresh
    }

    /// Done, parked or gone from the stream: never again. A late one from an earlier holder counts, too.
    pub fn done(&mut self, seq: Seq) {
        let Some(slot) = self.held.remove(&seq) else { return };
        self.unschedule(seq, slot);
        self.redelivered -= u64::from(slot.attempt > 1);
        if slot.kept {
            self.changed.insert(seq);
        } else {
            self.changed.remove(&seq);
        }
    }

    /// Gives a record back for after the delay, if this attempt still holds it.
    pub fn give_back(&mut self, seq: Seq, attempt: u32, delay: Duration, now: Instant, now_micros: i64) {
        if self.holds(seq, attempt) {
            let micros = i64::try_from(delay.as_micros()).unwrap_or(i64::MAX);
            self.wait(seq, delay, now, now_micros.saturating_add(micros));
        }
    }

    /// Starts the lease anew, if this attempt still holds it.
    pub fn prolong(&mut self, seq: Seq, attempt: u32, now: Instant) {
        if self.holds(seq, attempt)
            && let Some(slot) = self.held.get_mut(&seq)
        {
            let until = now + self.spec.ack_wait;
            if let Some(before) = slot.until.replace(until) {
                self.timers.remove(&(before, seq));
            }
            self.timers.insert((until, seq));
        }
    }

    /// Counts new records of the stream.
    pub fn arrived(&mut self, count: usize) {
        self.pending += count as i64;
    }

    /// Learns that the stream has dropped its oldest records, up to a position; `lost` tells which of these it wanted.
    pub fn dropped(&mut self, lost: impl Iterator<Item = Seq>, up_to: Seq) {
        self.pending -= lost.filter(|seq| *seq >= self.cursor).count() as i64;
        self.cursor = self.cursor.max(up_to + 1);
    }

    /// How far behind the group is.
    pub fn depth(&self) -> ConsumerDepth {
        ConsumerDepth {
            pending: u64::try_from(self.pending).unwrap_or_default(),
            held: self.held.len() as u64,
            redelivered: self.redelivered,
        }
    }

    /// What to write down; `None` when the tables know everything.
    pub fn take_changes(&mut self) -> Option<Changes> {
        if self.changed.is_empty() && self.cursor == self.cursor_kept {
            return None;
        }
        let mut changes = Changes { cursor: self.cursor, ..Changes::default() };
        for seq in std::mem::take(&mut self.changed) {
            match self.held.get_mut(&seq) {
                Some(slot) => {
                    slot.kept = true;
                    changes.held.push(Keep { seq, attempt: slot.attempt, due_micros: slot.due_micros });
                }
                None => changes.gone.push(seq),
            }
        }
        self.cursor_kept = self.cursor;
        Some(changes)
    }

    /// Takes back changes that could not be written.
    pub fn put_back(&mut self, changes: &Changes) {
        self.changed.extend(changes.held.iter().map(|keep| keep.seq));
        self.changed.extend(&changes.gone);
        self.cursor_kept = 0;
    }

    fn holds(&self, seq: Seq, attempt: u32) -> bool {
        let lent = |slot: &Slot| slot.attempt == attempt && slot.until.is_some() && slot.due_micros == 0;
        self.held.get(&seq).is_some_and(lent)
    }

    fn wait(&mut self, seq: Seq, delay: Duration, now: Instant, due_micros: i64) {
        /// Longer delays would overflow some clocks; whoever is called after ten years can wait again.
        const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
        let Some(slot) = self.held.get_mut(&seq) else { return };
        let before = *slot;
        if delay.is_zero() {
            (slot.until, slot.due_micros) = (None, 0);
        } else {
            (slot.until, slot.due_micros) = (Some(now + delay.min(LONGEST)), due_micros);
        }
        let until = slot.until;
        self.unschedule(seq, before);
        match until {
            Some(until) => self.timers.insert((until, seq)),
            None => self.ready.insert(seq),
        };
        self.changed.insert(seq);
    }

    fn unschedule(&mut self, seq: Seq, slot: Slot) {
        if let Some(until) = slot.until {
            self.timers.remove(&(until, seq));
        }
        self.ready.remove(&seq);
    }
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
