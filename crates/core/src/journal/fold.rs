//! One more entry, one more state. Refuses what no sound writer can have written.

use super::state::{Call, CallState, LastFailure, ModelTries, RunState, Turn, millis};
use super::{CallKey, Entry, ModelTurn, Started, ToolCallFinished, ToolCallStarted, ToolStatus, What, signature};
use crate::time::Timestamp;

/// The journal cannot have been written by a sound writer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {n} of the journal does not follow: {why}")]
pub struct BrokenJournal {
    /// The entry's number.
    pub n: u32,
    /// What is wrong with it.
    pub why: String,
}

/// The state after `entry`. `None` is the state before the first one.
pub fn fold(state: Option<RunState>, entry: &Entry) -> Result<RunState, BrokenJournal> {
    match (state, &entry.what) {
        (None, What::Started(started)) if entry.n == 1 => Ok(begin(entry, started)),
        (None, _) => Err(broken(entry, "a journal begins with its start, numbered 1")),
        (Some(state), _) => next(state, entry),
    }
}

fn begin(entry: &Entry, started: &Started) -> RunState {
    RunState {
        run: entry.run.clone(),
        started: started.clone(),
        started_at: entry.at,
        n: 1,
        epoch: 0,
        worker: String::new(),
        last_at: entry.at,
        earlier_lease_until: Timestamp::default(),
        lease_until: Timestamp::default(),
        claims_without_progress: 0,
        turns: Vec::new(),
        tries: ModelTries::default(),
        suspended: None,
        cancelled_by: None,
        finished: None,
        totals: super::Totals::default(),
        lost_input: 0,
        conversation_bytes: started.message.len() as u64,
        failing: Default::default(),
    }
}

fn next(mut state: RunState, entry: &Entry) -> Result<RunState, BrokenJournal> {
    check_place(&state, entry)?;
    if state.suspended.is_none() && !matches!(entry.what, What::Claimed { .. }) {
        state.totals.active_ms = state.totals.active_ms.saturating_add(millis(entry.at.since(state.last_at)));
    }
    state.n = entry.n;
    state.last_at = state.last_at.max(entry.at);
    match &entry.what {
        What::Started(_) => return Err(broken(entry, "a run starts once")),
        What::Claimed { worker, lease_until } => claimed(&mut state, worker, *lease_until),
        What::ModelCallStarted { turn, attempt, .. } => model_call_started(&mut state, entry, *turn, *attempt)?,
        What::ModelCallFailed { turn, attempt, class, detail, retry_at } => {
            check_try(&state, entry, *turn, *attempt)?;
            state.tries.open = None;
            state.tries.failed += 1;
            state.tries.last = Some(LastFailure { class: *class, detail: detail.clone(), retry_at: *retry_at });
        }
        What::ModelTurn(said) => model_turn(&mut state, entry, said)?,
        What::ToolCallDenied { call, rule } => denied(&mut state, entry, *call, rule)?,
        What::ToolCallStarted(intent) => tool_started(&mut state, entry, intent)?,
        What::ToolCallFinished(end) => tool_finished(&mut state, entry, end)?,
        What::ToolCallUncertain { call } => {
            running(&mut state, entry, *call)?.state = CallState::Uncertain;
            progress(&mut state);
        }
        What::Suspended { reason, wake_at } => {
            state.suspended = Some((*wake_at, reason.clone()));
            state.claims_without_progress = state.claims_without_progress.saturating_sub(1);
        }
        What::Resumed => state.suspended = None,
        What::CancelRequested { by } => state.cancelled_by = Some(by.clone()),
        What::Finished(end) => state.finished = Some(end.clone()),
        What::Unknown { .. } => {}
    }
    Ok(state)
}

/// Entries are numbered without gaps, belong to one run and to its last claim, and nothing follows the end.
fn check_place(state: &RunState, entry: &Entry) -> Result<(), BrokenJournal> {
    let from_outside = matches!(entry.what, What::CancelRequested { .. } | What::Unknown { .. });
    let epoch_fits = match entry.what {
        What::Claimed { .. } => entry.epoch == state.epoch + 1,
        _ => entry.epoch == state.epoch || (from_outside && entry.epoch <= state.epoch),
    };
    if entry.run != state.run {
        Err(broken(entry, "it belongs to another run"))
    } else if entry.n != state.n + 1 {
        Err(broken(entry, "its number is not the next"))
    } else if state.finished.is_some() {
        Err(broken(entry, "the run has ended"))
    } else if !epoch_fits {
        Err(broken(entry, "its writer had lost the run, or never claimed it"))
    } else {
        Ok(())
    }
}

fn claimed(state: &mut RunState, worker: &str, lease_until: Timestamp) {
    state.epoch += 1;
    state.worker = worker.to_owned();
    state.earlier_lease_until = state.lease_until;
    state.lease_until = lease_until;
    state.claims_without_progress += 1;
}

fn model_call_started(state: &mut RunState, entry: &Entry, turn: u32, attempt: u32) -> Result<(), BrokenJournal> {
    if turn != state.next_turn() || attempt != state.tries.begun + 1 {
        return Err(broken(entry, "it is not the next try of the next turn"));
    }
    if unsettled(state) {
        return Err(broken(entry, "the last turn has unsettled calls"));
    }
    state.lost_input += state.tries.open.unwrap_or(0);
    state.tries.begun = attempt;
    state.tries.open = Some(state.estimated_input());
    Ok(())
}

fn model_turn(state: &mut RunState, entry: &Entry, said: &ModelTurn) -> Result<(), BrokenJournal> {
    check_try(state, entry, said.turn, said.attempt)?;
    let key = |index: usize| CallKey { turn: said.turn, index: u32::try_from(index).unwrap_or(u32::MAX) };
    let asked = said.calls.iter().enumerate();
    let calls = asked.map(|(i, c)| Call { key: key(i), asked: c.clone(), state: CallState::Asked }).collect();
    let spoken = said.text.as_deref().map_or(0, str::len) + said.calls.iter().map(|c| c.arguments.len()).sum::<usize>();
    let sums = &mut state.totals;
    sums.turns += 1;
    sums.usage.input = sums.usage.input.saturating_add(said.usage.input);
    sums.usage.output = sums.usage.output.saturating_add(said.usage.output);
    sums.usage.cached = sums.usage.cached.saturating_add(said.usage.cached);
    sums.usage.estimated |= said.usage.estimated;
    state.conversation_bytes += spoken as u64;
    state.turns.push(Turn { said: said.clone(), calls });
    state.tries = ModelTries::default();
    progress(state);
    Ok(())
}

fn denied(state: &mut RunState, entry: &Entry, key: CallKey, rule: &str) -> Result<(), BrokenJournal> {
    let call = state.call_mut(key).ok_or_else(|| broken(entry, "no turn asked for this call"))?;
    if call.state != CallState::Asked {
        return Err(broken(entry, "a call is denied before it begins or not at all"));
    }
    call.state = CallState::Denied { rule: rule.to_owned() };
    let signature = signature(&call.asked.tool, &call.asked.arguments);
    *state.failing.entry(signature).or_default() += 1;
    state.conversation_bytes += rule.len() as u64;
    progress(state);
    Ok(())
}

fn tool_started(state: &mut RunState, entry: &Entry, intent: &ToolCallStarted) -> Result<(), BrokenJournal> {
    let epoch = entry.epoch;
    let call = state.call_mut(intent.call).ok_or_else(|| broken(entry, "no turn asked for this call"))?;
    let expected = match &call.state {
        CallState::Asked => 1,
        CallState::Running { intent: earlier, .. } => earlier.attempt + 1,
        _ => return Err(broken(entry, "the call is settled")),
    };
    if intent.attempt != expected {
        return Err(broken(entry, "it is not the call's next try"));
    }
    call.state = CallState::Running { intent: intent.clone(), epoch };
    if intent.attempt == 1 {
        state.totals.tool_calls += 1;
    }
    Ok(())
}

fn tool_finished(state: &mut RunState, entry: &Entry, end: &ToolCallFinished) -> Result<(), BrokenJournal> {
    let call = running(state, entry, end.call)?;
    if !matches!(&call.state, CallState::Running { intent, .. } if intent.attempt == end.attempt) {
        return Err(broken(entry, "it is the result of another try"));
    }
    call.state = CallState::Finished { status: end.status, result: end.result.clone() };
    let signature = signature(&call.asked.tool, &call.asked.arguments);
    match end.status {
        ToolStatus::Ok => drop(state.failing.remove(&signature)),
        ToolStatus::ToolError | ToolStatus::Timeout => *state.failing.entry(signature).or_default() += 1,
    }
    state.conversation_bytes += end.result.len() as u64;
    progress(state);
    Ok(())
}

fn running<'a>(state: &'a mut RunState, entry: &Entry, key: CallKey) -> Result<&'a mut Call, BrokenJournal> {
    let call = state.call_mut(key).filter(|call| matches!(call.state, CallState::Running { .. }));
    call.ok_or_else(|| broken(entry, "the call has not begun, or is settled"))
}

fn check_try(state: &RunState, entry: &Entry, turn: u32, attempt: u32) -> Result<(), BrokenJournal> {
    let open = state.tries.open.is_some() && turn == state.next_turn() && attempt == state.tries.begun;
    open.then_some(()).ok_or_else(|| broken(entry, "no such model call is under way"))
}

fn unsettled(state: &RunState) -> bool {
    state.turns.last().is_some_and(|turn| turn.calls.iter().any(|call| !call.state.is_settled()))
}

fn progress(state: &mut RunState) {
    state.claims_without_progress = 0;
}

fn broken(entry: &Entry, why: &str) -> BrokenJournal {
    BrokenJournal { n: entry.n, why: why.to_owned() }
}
