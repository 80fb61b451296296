//! What a journal adds up to: everything [`decide`](super::decide) needs and nothing that a driver must remember.

use std::collections::BTreeMap;

use super::{
    CallKey, Finished, ModelFailure, ModelTurn, RunOutcome, Started, ToolCall, ToolCallStarted, ToolStatus, Totals,
};
use crate::ids::RunId;
use crate::time::Timestamp;

/// A run as its journal tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunState {
    /// The run.
    pub run: RunId,
    /// Its first entry.
    pub started: Started,
    /// When that was.
    pub started_at: Timestamp,
    /// Number of the last entry.
    pub n: u32,
    /// Number of the last claim; 0 before the first.
    pub epoch: u32,
    /// Who made that claim.
    pub worker: String,
    /// Latest time of any entry.
    pub last_at: Timestamp,
    /// Until when the owner before the last claim may still be acting.
    pub earlier_lease_until: Timestamp,
    /// Until when the last claim's owner may still be acting.
    pub lease_until: Timestamp,
    /// Claims since something was settled for good; a planned suspension takes its own claim back.
    pub claims_without_progress: u32,
    /// Committed turns, in order.
    pub turns: Vec<Turn>,
    /// Tries of the turn that comes next.
    pub tries: ModelTries,
    /// Set while the run rests.
    pub suspended: Option<(Timestamp, String)>,
    /// Who wants it to end.
    pub cancelled_by: Option<String>,
    /// Its end.
    pub finished: Option<Finished>,
    /// Sums of what is settled. Active time is up to the last entry.
    pub totals: Totals,
    /// Estimated input tokens of model calls that were begun and never heard of again: paid, perhaps.
    pub lost_input: u64,
    /// Bytes of the conversation so far, for estimates.
    pub conversation_bytes: u64,
    /// How often each exact call (by [`signature`](super::signature)) has failed in a row.
    pub failing: BTreeMap<String, u32>,
}

/// A committed turn and what became of its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What the model said. Its `calls` are the asked ones of [`Self::calls`].
    pub said: ModelTurn,
    /// Its calls, in order.
    pub calls: Vec<Call>,
}

/// One call and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Which.
    pub key: CallKey,
    /// What the model asked.
    pub asked: ToolCall,
    /// Where it stands.
    pub state: CallState,
}

/// Where a call stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallState {
    /// Not looked at.
    Asked,
    /// Refused by a rule.
    Denied {
        /// The rule, in words for the model.
        rule: String,
    },
    /// Begun, no result yet.
    Running {
        /// The last intent.
        intent: ToolCallStarted,
        /// The claim that wrote it.
        epoch: u32,
    },
    /// Ended.
    Finished {
        /// How.
        status: ToolStatus,
        /// What the model reads.
        result: String,
    },
    /// Begun by an owner who vanished; nobody knows whether it happened.
    Uncertain,
}

impl CallState {
    /// Whether nothing more will happen to the call.
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::Asked | Self::Running { .. })
    }
}

/// Tries of the next turn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelTries {
    /// Calls begun.
    pub begun: u32,
    /// Calls that failed.
    pub failed: u32,
    /// Estimated input tokens of the call that is under way.
    pub open: Option<u64>,
    /// The last failure.
    pub last: Option<LastFailure>,
}

/// The last failure of a model call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFailure {
    /// Its class.
    pub class: ModelFailure,
    /// In words.
    pub detail: String,
    /// Not before this time again.
    pub retry_at: Option<Timestamp>,
}

impl RunState {
    /// The number of the turn that comes next, from 1.
    pub fn next_turn(&self) -> u32 {
        u32::try_from(self.turns.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The call with this key.
    pub fn call(&self, key: CallKey) -> Option<&Call> {
        let turn = usize::try_from(key.turn).ok()?.checked_sub(1)?;
        self.turns.get(turn)?.calls.get(usize::try_from(key.index).ok()?)
    }

    pub(super) fn call_mut(&mut self, key: CallKey) -> Option<&mut Call> {
        let turn = usize::try_from(key.turn).ok()?.checked_sub(1)?;
        self.turns.get_mut(turn)?.calls.get_mut(usize::try_from(key.index).ok()?)
    }

    /// Every call that was begun and has no result.
    pub fn running(&self) -> impl Iterator<Item = (&Call, &ToolCallStarted, u32)> {
        self.turns.iter().flat_map(|turn| &turn.calls).filter_map(|call| match &call.state {
            CallState::Running { intent, epoch } => Some((call, intent, *epoch)),
            _ => None,
        })
    }

    /// Until when the run needs no worker, if it rests at `now`.
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        let (wake_at, _) = self.suspended.as_ref()?;
        (self.cancelled_by.is_none() && self.finished.is_none() && now < *wake_at).then_some(*wake_at)
    }

    /// Milliseconds of active time at `now`. Time spent suspended, or between an owner's last entry and the next
    /// claim, does not count.
    pub fn active_ms(&self, now: Timestamp) -> u64 {
        let open = if self.suspended.is_some() { 0 } else { millis(now.since(self.last_at)) };
        self.totals.active_ms.saturating_add(open)
    }

    /// Estimated input tokens of the next model call, without the system prompt.
    pub fn estimated_input(&self) -> u64 {
        self.conversation_bytes / 4
    }

    /// The end of this run as of `now`, for the driver to append.
    pub fn end(&self, outcome: RunOutcome, error: Option<String>, now: Timestamp) -> Finished {
        let said = self.turns.last().and_then(|turn| turn.said.text.as_deref()).unwrap_or_default();
        let totals = Totals { active_ms: self.active_ms(now), ..self.totals };
        Finished { outcome, text: shorten(said, super::MAX_TEXT).into_owned(), error, totals }
    }
}

pub(super) fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// At most `max` bytes of the text, cut between characters, with the cut said.
pub fn shorten(text: &str, max: usize) -> std::borrow::Cow<'_, str> {
    if text.len() <= max {
        return text.into();
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}\n[cut: {end} of {} bytes shown]", &text[..end], text.len()).into()
}
