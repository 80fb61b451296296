//! What a run does next. The order of the questions is the rule; read it from top to bottom.

use std::time::Duration;

use super::calls::{self, Loop};
use super::{CallKey, CallState, Finished, ModelFailure, RunOutcome, RunState, ToolCallStarted};
use crate::agent::{Agent, EffectClass, OnUncertain};
use crate::time::Timestamp;

/// More claims than this without anything settled, and a person must look.
pub const MAX_CLAIMS: u32 = 5;
/// Tries of a repeatable call, the first included; only crashes use them up.
pub const MAX_TOOL_ATTEMPTS: u32 = 3;
/// Calls of class `read` that run side by side. All others run alone.
pub const MAX_PARALLEL_READS: usize = 4;
/// A run ends this long after its start, suspended or not.
pub const WALL_CAP: Duration = Duration::from_secs(24 * 3600);
/// Bytes of the model's last words that are kept in the end's entry.
pub const MAX_TEXT: usize = 16 * 1024;

/// What a driver does next. Each but [`Self::Wait`] and [`Self::Ended`] ends in at least one new entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Ask the model: append `ModelCallStarted`, call, append `ModelTurn` or `ModelCallFailed`.
    CallModel {
        /// Turn.
        turn: u32,
        /// Try.
        attempt: u32,
        /// Whether it may ask for tools.
        offer_tools: bool,
        /// Output tokens that are left of the budget.
        max_output: u64,
    },
    /// Append these intents, then execute the calls side by side, then append what came back.
    StartTools(Vec<ToolCallStarted>),
    /// Append `ToolCallDenied`.
    Deny {
        /// Which call.
        call: CallKey,
        /// Why, in words for the model.
        rule: String,
    },
    /// Append `ToolCallUncertain`.
    MarkUncertain(CallKey),
    /// Nothing before this time. A driver may rest in place when it is near, or suspend the run.
    Wait {
        /// When to decide again.
        until: Timestamp,
        /// For people.
        reason: String,
    },
    /// Append `Resumed`.
    Resume,
    /// Append `Finished`.
    Finish(Finished),
    /// The run has ended already.
    Ended,
}

/// What decisions need to know about tools.
pub trait ToolTable {
    /// The tool's class; `None` when there is no such tool.
    fn effect(&self, tool: &str) -> Option<EffectClass>;
    /// Whether the tool takes these arguments (JSON text). The error is for the model to read.
    fn check(&self, tool: &str, arguments: &str) -> Result<(), String>;
}

/// What `agent`'s run does next at `now`.
pub fn decide(state: &RunState, agent: &Agent, tools: &dyn ToolTable, now: Timestamp) -> Decision {
    if state.finished.is_some() {
        return Decision::Ended;
    }
    let questions = [
        rest(state, now),
        earlier_owners_calls(state, now),
        stop_early(state, agent, now),
        repeat(state, agent, now),
        calls::next(state, agent, tools, now),
        stop_between_turns(state, agent, now),
        retry(state, agent, now),
    ];
    questions.into_iter().flatten().next().unwrap_or_else(|| call_model(state, agent))
}

/// A suspended run waits, or goes on.
fn rest(state: &RunState, now: Timestamp) -> Option<Decision> {
    let (_, reason) = state.suspended.as_ref()?;
    Some(match state.rests_until(now) {
        Some(until) => Decision::Wait { until, reason: reason.clone() },
        None => Decision::Resume,
    })
}

/// A call with an intent and no result may still be running somewhere. Once its owner's time is over, one that must
/// not be repeated is marked, and one that was tried often enough as well.
fn earlier_owners_calls(state: &RunState, now: Timestamp) -> Option<Decision> {
    let until = state.running().map(|(_, intent, _)| intent.deadline).max()?.max(state.earlier_lease_until);
    if now < until {
        return Some(Decision::Wait { until, reason: "a call of an earlier owner may still be running".into() });
    }
    let given_up =
        |intent: &ToolCallStarted| intent.effect == EffectClass::Effect || intent.attempt >= MAX_TOOL_ATTEMPTS;
    let (call, ..) = state.running().find(|(_, intent, _)| given_up(intent))?;
    Some(Decision::MarkUncertain(call.key))
}

/// Reasons to end that do not wait for the turn to be over.
fn stop_early(state: &RunState, agent: &Agent, now: Timestamp) -> Option<Decision> {
    let (outcome, error) = if let Some(by) = &state.cancelled_by {
        (RunOutcome::Cancelled, format!("cancelled by {by}"))
    } else if state.claims_without_progress > MAX_CLAIMS {
        let claims = state.claims_without_progress - 1;
        let error = format!(
            "{claims} workers took this run and vanished without any progress; read their logs, then replay the delivery"
        );
        (RunOutcome::NeedsOperator, error)
    } else if let Some(call) = uncertain(state).filter(|_| agent.on_uncertain == OnUncertain::Fail) {
        let error = format!("nobody knows whether {call} happened; look, then replay the delivery if it did not");
        (RunOutcome::NeedsOperator, error)
    } else if now.since(state.started_at) >= WALL_CAP {
        (RunOutcome::TimedOut, "the run is older than 24 hours".into())
    } else if state.active_ms(now) >= agent.limits.timeout_s.saturating_mul(1000) {
        let error = format!(
            "{} s of active time are used up; raise limits.timeout_s if the task needs more",
            agent.limits.timeout_s
        );
        (RunOutcome::TimedOut, error)
    } else {
        return None;
    };
    Some(Decision::Finish(state.end(outcome, Some(error), now)))
}

/// A repeatable call of an earlier owner runs again under its own key.
fn repeat(state: &RunState, agent: &Agent, now: Timestamp) -> Option<Decision> {
    let (_, intent, _) = state.running().next()?;
    let again = ToolCallStarted {
        attempt: intent.attempt + 1,
        deadline: now.plus(agent.limits.tool_timeout()),
        ..intent.clone()
    };
    Some(Decision::StartTools(vec![again]))
}

/// All calls are settled: is the run complete, or out of something?
fn stop_between_turns(state: &RunState, agent: &Agent, now: Timestamp) -> Option<Decision> {
    let limits = &agent.limits;
    let input = state.totals.usage.input.saturating_add(state.lost_input).saturating_add(state.estimated_input());
    let (outcome, error) = if state.turns.last().is_some_and(|turn| turn.calls.is_empty()) {
        (RunOutcome::Completed, None)
    } else if calls::looping(state) == Loop::Hopeless {
        (
            RunOutcome::Failed,
            Some("the model keeps asking for the same failing call; improve the agent's instructions".into()),
        )
    } else if state.totals.turns >= limits.max_turns {
        (
            RunOutcome::MaxTurns,
            Some(format!("all {} turns are used up; raise limits.max_turns if the task needs more", limits.max_turns)),
        )
    } else if input > limits.max_input_tokens {
        let error = format!(
            "the next turn would pass {} input tokens; raise limits.max_input_tokens if the task needs more",
            limits.max_input_tokens
        );
        (RunOutcome::BudgetExceeded, Some(error))
    } else if state.totals.usage.output >= limits.max_output_tokens {
        let error = format!(
            "all {} output tokens are used up; raise limits.max_output_tokens if the task needs more",
            limits.max_output_tokens
        );
        (RunOutcome::BudgetExceeded, Some(error))
    } else {
        return None;
    };
    Some(Decision::Finish(state.end(outcome, error, now)))
}

/// After a failed model call: wait, or give up.
fn retry(state: &RunState, agent: &Agent, now: Timestamp) -> Option<Decision> {
    let last = state.tries.last.as_ref()?;
    let finish = |outcome, error| Some(Decision::Finish(state.end(outcome, Some(error), now)));
    match last.class {
        ModelFailure::Permanent => finish(RunOutcome::Failed, format!("the model refused: {}", last.detail)),
        ModelFailure::ContextOverflow => {
            finish(RunOutcome::BudgetExceeded, format!("the conversation is too long for the model: {}", last.detail))
        }
        ModelFailure::Retryable | ModelFailure::RateLimited if state.tries.failed >= agent.limits.model_attempts => {
            finish(
                RunOutcome::Failed,
                format!("the model failed {} times, at last with: {}", state.tries.failed, last.detail),
            )
        }
        ModelFailure::Retryable | ModelFailure::RateLimited => {
            let until = last.retry_at.filter(|at| now < *at)?;
            Some(Decision::Wait { until, reason: "the model asks for patience".into() })
        }
    }
}

fn call_model(state: &RunState, agent: &Agent) -> Decision {
    Decision::CallModel {
        turn: state.next_turn(),
        attempt: state.tries.begun + 1,
        offer_tools: calls::looping(state) != Loop::Withhold,
        max_output: agent.limits.max_output_tokens.saturating_sub(state.totals.usage.output),
    }
}

fn uncertain(state: &RunState) -> Option<String> {
    let calls = state.turns.iter().flat_map(|turn| &turn.calls);
    let found = calls.into_iter().find(|call| call.state == CallState::Uncertain)?;
    Some(format!("call {} ({})", found.key, found.asked.tool))
}
