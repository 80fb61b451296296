//! Parts of journal entries: model turns, tool calls, sums of tokens.

use hookwheel_core::journal::{CallKey, ModelTurn, ToolCall, ToolCallFinished, ToolCallStarted, Usage};

use super::value::Value;
use super::{Fault, time};
use crate::wire;

pub fn write_model_turn(turn: &ModelTurn) -> wire::ModelTurn {
    wire::ModelTurn {
        turn: turn.turn,
        attempt: turn.attempt,
        text: turn.text.clone(),
        calls: turn.calls.iter().map(write_call).collect(),
        usage: Some(write_usage(turn.usage)),
        served_by: turn.served_by.clone(),
        latency_ms: turn.latency_ms,
        opaque: turn.opaque.clone(),
    }
}

pub fn read_model_turn(wire: wire::ModelTurn) -> ModelTurn {
    ModelTurn {
        turn: wire.turn,
        attempt: wire.attempt,
        text: wire.text,
        calls: wire.calls.into_iter().map(read_call).collect(),
        usage: read_usage(wire.usage),
        served_by: wire.served_by,
        latency_ms: wire.latency_ms,
        opaque: wire.opaque,
    }
}

pub fn write_tool_started(started: &ToolCallStarted) -> wire::ToolCallStarted {
    wire::ToolCallStarted {
        call: Some(write_call_key(started.call)),
        attempt: started.attempt,
        tool: started.tool.clone(),
        arguments_sha256: started.arguments_sha256.clone(),
        effect: started.effect.number(),
        idempotency_key: started.idempotency_key.clone(),
        deadline_micros: started.deadline.micros(),
    }
}

pub fn read_tool_started(wire: wire::ToolCallStarted) -> Result<ToolCallStarted, Fault> {
    Ok(ToolCallStarted {
        call: call_key(wire.call)?,
        attempt: wire.attempt,
        tool: wire.tool,
        arguments_sha256: wire.arguments_sha256,
        effect: Value::read("effect", wire.effect)?,
        idempotency_key: wire.idempotency_key,
        deadline: time(wire.deadline_micros),
    })
}

pub fn write_tool_finished(finished: &ToolCallFinished) -> wire::ToolCallFinished {
    wire::ToolCallFinished {
        call: Some(write_call_key(finished.call)),
        attempt: finished.attempt,
        status: finished.status.number(),
        result: finished.result.clone(),
        latency_ms: finished.latency_ms,
    }
}

pub fn read_tool_finished(wire: wire::ToolCallFinished) -> Result<ToolCallFinished, Fault> {
    Ok(ToolCallFinished {
        call: call_key(wire.call)?,
        attempt: wire.attempt,
        status: Value::read("status", wire.status)?,
        result: wire.result,
        latency_ms: wire.latency_ms,
    })
}

pub fn write_call_key(call: CallKey) -> wire::CallKey {
    wire::CallKey { turn: call.turn, index: call.index }
}

pub fn call_key(wire: Option<wire::CallKey>) -> Result<CallKey, Fault> {
    wire.map(|call| CallKey { turn: call.turn, index: call.index }).ok_or(Fault::Missing("call"))
}

pub fn write_usage(usage: Usage) -> wire::Usage {
    let Usage { input, output, cached, estimated } = usage;
    wire::Usage { input, output, cached, estimated }
}

/// No usage means no tokens.
pub fn read_usage(wire: Option<wire::Usage>) -> Usage {
    let wire::Usage { input, output, cached, estimated } = wire.unwrap_or_default();
    Usage { input, output, cached, estimated }
}

fn write_call(call: &ToolCall) -> wire::ToolCall {
    wire::ToolCall { provider_id: call.provider_id.clone(), tool: call.tool.clone(), arguments: call.arguments.clone() }
}

fn read_call(wire: wire::ToolCall) -> ToolCall {
    ToolCall { provider_id: wire.provider_id, tool: wire.tool, arguments: wire.arguments }
}
