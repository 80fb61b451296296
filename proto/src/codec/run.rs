//! RunRequested and Wake.

use hookwheel_core::ids::SessionId;
use hookwheel_core::run::RunRequested;

use super::{Fault, digest, id, opt_id, time};
use crate::wire;

pub fn write(request: &RunRequested) -> wire::RunRequested {
    wire::RunRequested {
        run: request.run.to_string(),
        session: request.session.to_string(),
        delivery: request.delivery.to_string(),
        delivery_key_hash: request.delivery_key_hash.clone(),
        webhook: request.webhook.to_string(),
        source: request.source.clone(),
        route: request.route.clone(),
        generation: request.generation,
        agent: request.agent.to_string(),
        snapshot: request.snapshot.to_string(),
        event_type: request.event_type.clone(),
        entity: request.entity.as_ref().map(ToString::to_string),
        message: request.message.clone(),
        received_at_micros: request.received_at.micros(),
        event_index: request.event_index,
    }
}

pub fn read(wire: wire::RunRequested, traceparent: Option<String>) -> Result<RunRequested, Fault> {
    Ok(RunRequested {
        run: id("run", wire.run)?,
        session: id("session", wire.session)?,
        delivery: id("delivery", wire.delivery)?,
        event_index: wire.event_index,
        delivery_key_hash: digest("delivery_key_hash", wire.delivery_key_hash)?,
        webhook: id("webhook", wire.webhook)?,
        source: wire.source,
        route: wire.route,
        generation: wire.generation,
        agent: id("agent", wire.agent)?,
        snapshot: id("snapshot", wire.snapshot)?,
        event_type: wire.event_type,
        entity: opt_id("entity", wire.entity)?,
        message: wire.message,
        received_at: time(wire.received_at_micros),
        traceparent,
    })
}

pub fn write_wake(session: &SessionId) -> wire::Wake {
    wire::Wake { session: session.to_string() }
}

pub fn read_wake(wire: wire::Wake) -> Result<SessionId, Fault> {
    id("session", wire.session)
}
