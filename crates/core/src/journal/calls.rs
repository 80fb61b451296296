//! The calls of the last turn: which is denied, which start now.

use super::decide::{Decision, MAX_PARALLEL_READS, ToolTable};
use super::{Call, CallState, RunOutcome, RunState, ToolCallStarted, arguments_sha256, idempotency_key, signature};
use crate::agent::{Agent, EffectClass};
use crate::time::Timestamp;

/// Failures of one exact call after which it is refused, with a hint.
const NUDGE: u32 = 3;
/// Failures and refusals after which the model gets one turn without tools.
const WITHHOLD: u32 = 5;
/// Failures and refusals after which the run has failed.
const HOPELESS: u32 = 6;

/// Whether the model goes in circles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loop {
    No,
    Withhold,
    Hopeless,
}

pub(super) fn looping(state: &RunState) -> Loop {
    match state.failing.values().max().copied().unwrap_or(0) {
        HOPELESS.. => Loop::Hopeless,
        WITHHOLD.. => Loop::Withhold,
        _ => Loop::No,
    }
}

/// What happens to the first call of the last turn that nobody has looked at, and to reads right behind it.
pub(super) fn next(state: &RunState, agent: &Agent, tools: &dyn ToolTable, now: Timestamp) -> Option<Decision> {
    let mut open = state.turns.last()?.calls.iter().filter(|call| call.state == CallState::Asked).peekable();
    let first = open.peek()?;
    if let Some(rule) = denial(first, state, agent, tools) {
        return Some(Decision::Deny { call: first.key, rule });
    }
    let left = agent.limits.max_tool_calls.saturating_sub(state.totals.tool_calls);
    if left == 0 {
        let error = format!(
            "all {} tool calls are used up; raise limits.max_tool_calls if the task needs more",
            agent.limits.max_tool_calls
        );
        return Some(Decision::Finish(state.end(RunOutcome::MaxTurns, Some(error), now)));
    }
    let class = |call: &Call| tools.effect(&call.asked.tool).unwrap_or(EffectClass::Effect);
    let alone = class(first) != EffectClass::Read;
    let most = if alone { 1 } else { MAX_PARALLEL_READS.min(usize::try_from(left).unwrap_or(usize::MAX)) };
    let together = open
        .take_while(|call| alone || (class(call) == EffectClass::Read && denial(call, state, agent, tools).is_none()));
    Some(Decision::StartTools(together.take(most).map(|call| intent(call, class(call), state, agent, now)).collect()))
}

fn intent(call: &Call, effect: EffectClass, state: &RunState, agent: &Agent, now: Timestamp) -> ToolCallStarted {
    let (tool, arguments) = (&call.asked.tool, &call.asked.arguments);
    ToolCallStarted {
        call: call.key,
        attempt: 1,
        tool: tool.clone(),
        arguments_sha256: arguments_sha256(arguments),
        effect,
        idempotency_key: idempotency_key(&state.run, call.key, tool, arguments),
        deadline: now.plus(agent.limits.tool_timeout()),
    }
}

fn denial(call: &Call, state: &RunState, agent: &Agent, tools: &dyn ToolTable) -> Option<String> {
    let (tool, arguments) = (call.asked.tool.as_str(), call.asked.arguments.as_str());
    if call.key.index >= agent.limits.max_calls_per_turn {
        return Some(format!("at most {} calls in one turn; ask again in the next", agent.limits.max_calls_per_turn));
    }
    if !agent.tools.iter().any(|allowed| allowed == tool) || tools.effect(tool).is_none() {
        return Some(format!("there is no such tool; there are: {}", agent.tools.join(", ")));
    }
    if looping(state) != Loop::No {
        return Some("no tools in this turn; answer in words".into());
    }
    if state.failing.get(&signature(tool, arguments)).is_some_and(|failures| *failures >= NUDGE) {
        return Some(format!("this very call has failed {NUDGE} times; try something else or say what is in the way"));
    }
    tools.check(tool, arguments).err()
}
