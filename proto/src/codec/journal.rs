//! RunEntry: the journal's entries, each a kind and a body of that kind.

use bytes::Bytes;
use hookwheel_core::journal::{Entry, Finished, Started, Totals, What};
use prost::Message;

use super::turn::{
    call_key, read_model_turn, read_tool_finished, read_tool_started, read_usage, write_call_key, write_model_turn,
    write_tool_finished, write_tool_started, write_usage,
};
use super::value::Value;
use super::{Fault, id, time};
use crate::wire;
use crate::wire::EntryKind;

pub fn write(entry: &Entry) -> wire::RunEntry {
    let (kind, body) = write_what(&entry.what);
    wire::RunEntry {
        run: entry.run.to_string(),
        n: entry.n,
        epoch: entry.epoch,
        at_micros: entry.at.micros(),
        kind,
        body,
    }
}

pub fn read(wire: wire::RunEntry, traceparent: Option<String>) -> Result<Entry, Fault> {
    Ok(Entry {
        run: id("run", wire.run)?,
        n: wire.n,
        epoch: wire.epoch,
        at: time(wire.at_micros),
        traceparent,
        what: read_what(wire.kind, wire.body)?,
    })
}

fn write_what(what: &What) -> (i32, Bytes) {
    match what {
        What::Started(started) => body(EntryKind::Started, &write_started(started)),
        What::Claimed { worker, lease_until } => body(
            EntryKind::Claimed,
            &wire::RunClaimed { worker: worker.clone(), lease_until_micros: lease_until.micros() },
        ),
        What::ModelCallStarted { turn, attempt, model } => body(
            EntryKind::ModelCallStarted,
            &wire::ModelCallStarted { turn: *turn, attempt: *attempt, model: model.clone() },
        ),
        What::ModelCallFailed { turn, attempt, class, detail, retry_at } => body(
            EntryKind::ModelCallFailed,
            &wire::ModelCallFailed {
                turn: *turn,
                attempt: *attempt,
                class: class.number(),
                detail: detail.clone(),
                retry_at_micros: retry_at.map(|at| at.micros()),
            },
        ),
        What::ModelTurn(turn) => body(EntryKind::ModelTurn, &write_model_turn(turn)),
        What::ToolCallDenied { call, rule } => body(
            EntryKind::ToolCallDenied,
            &wire::ToolCallDenied { call: Some(write_call_key(*call)), rule: rule.clone() },
        ),
        What::ToolCallStarted(started) => body(EntryKind::ToolCallStarted, &write_tool_started(started)),
        What::ToolCallFinished(finished) => body(EntryKind::ToolCallFinished, &write_tool_finished(finished)),
        What::ToolCallUncertain { call } => {
            body(EntryKind::ToolCallUncertain, &wire::ToolCallUncertain { call: Some(write_call_key(*call)) })
        }
        What::Suspended { reason, wake_at } => {
            body(EntryKind::Suspended, &wire::RunSuspended { reason: reason.clone(), wake_at_micros: wake_at.micros() })
        }
        What::Resumed => body(EntryKind::Resumed, &wire::RunResumed {}),
        What::CancelRequested { by } => body(EntryKind::CancelRequested, &wire::CancelRequested { by: by.clone() }),
        What::Finished(finished) => body(EntryKind::Finished, &write_finished(finished)),
        What::Unknown { kind, bytes } => (kind.cast_signed(), bytes.clone()),
    }
}

fn read_what(kind: i32, bytes: Bytes) -> Result<What, Fault> {
    let Ok(known) = EntryKind::try_from(kind) else {
        return Ok(What::Unknown { kind: kind.cast_unsigned(), bytes });
    };
    Ok(match known {
        EntryKind::Unspecified => return Err(Fault::Missing("kind")),
        EntryKind::Started => What::Started(read_started(Message::decode(bytes)?)?),
        EntryKind::Claimed => {
            let wire = wire::RunClaimed::decode(bytes)?;
            What::Claimed { worker: wire.worker, lease_until: time(wire.lease_until_micros) }
        }
        EntryKind::ModelCallStarted => {
            let wire = wire::ModelCallStarted::decode(bytes)?;
            What::ModelCallStarted { turn: wire.turn, attempt: wire.attempt, model: wire.model }
        }
        EntryKind::ModelCallFailed => read_model_failed(Message::decode(bytes)?)?,
        EntryKind::ModelTurn => What::ModelTurn(read_model_turn(Message::decode(bytes)?)),
        EntryKind::ToolCallDenied => {
            let wire = wire::ToolCallDenied::decode(bytes)?;
            What::ToolCallDenied { call: call_key(wire.call)?, rule: wire.rule }
        }
        EntryKind::ToolCallStarted => What::ToolCallStarted(read_tool_started(Message::decode(bytes)?)?),
        EntryKind::ToolCallFinished => What::ToolCallFinished(read_tool_finished(Message::decode(bytes)?)?),
        EntryKind::ToolCallUncertain => {
            What::ToolCallUncertain { call: call_key(wire::ToolCallUncertain::decode(bytes)?.call)? }
        }
        EntryKind::Suspended => {
            let wire = wire::RunSuspended::decode(bytes)?;
            What::Suspended { reason: wire.reason, wake_at: time(wire.wake_at_micros) }
        }
        EntryKind::Resumed => wire::RunResumed::decode(bytes).map(|_| What::Resumed)?,
        EntryKind::CancelRequested => What::CancelRequested { by: wire::CancelRequested::decode(bytes)?.by },
        EntryKind::Finished => What::Finished(read_finished(Message::decode(bytes)?)?),
    })
}

fn body(kind: EntryKind, message: &impl Message) -> (i32, Bytes) {
    (kind.into(), message.encode_to_vec().into())
}

fn write_started(started: &Started) -> wire::RunStarted {
    wire::RunStarted {
        session: started.session.to_string(),
        delivery: started.delivery.to_string(),
        webhook: started.webhook.to_string(),
        route: started.route.clone(),
        agent: started.agent.to_string(),
        snapshot: started.snapshot.to_string(),
        message: started.message.clone(),
    }
}

fn read_started(wire: wire::RunStarted) -> Result<Started, Fault> {
    Ok(Started {
        session: id("session", wire.session)?,
        delivery: id("delivery", wire.delivery)?,
        webhook: id("webhook", wire.webhook)?,
        route: wire.route,
        agent: id("agent", wire.agent)?,
        snapshot: id("snapshot", wire.snapshot)?,
        message: wire.message,
    })
}

fn read_model_failed(wire: wire::ModelCallFailed) -> Result<What, Fault> {
    Ok(What::ModelCallFailed {
        turn: wire.turn,
        attempt: wire.attempt,
        class: Value::read("class", wire.class)?,
        detail: wire.detail,
        retry_at: wire.retry_at_micros.map(time),
    })
}

fn write_finished(finished: &Finished) -> wire::RunFinished {
    let Totals { turns, tool_calls, usage, active_ms } = finished.totals;
    wire::RunFinished {
        outcome: finished.outcome.number(),
        text: finished.text.clone(),
        error: finished.error.clone(),
        totals: Some(wire::Totals { turns, tool_calls, usage: Some(write_usage(usage)), active_ms }),
    }
}

fn read_finished(wire: wire::RunFinished) -> Result<Finished, Fault> {
    let totals = wire.totals.unwrap_or_default();
    Ok(Finished {
        outcome: Value::read("outcome", wire.outcome)?,
        text: wire.text,
        error: wire.error,
        totals: Totals {
            turns: totals.turns,
            tool_calls: totals.tool_calls,
            usage: read_usage(totals.usage),
            active_ms: totals.active_ms,
        },
    })
}
