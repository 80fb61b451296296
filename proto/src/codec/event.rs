//! DeliveryNormalized, DeliveryFiltered, DeliveryUnroutable: one message with one of three results.

use hookwheel_core::event::{DeliveryOutcome, Event, Field, Normalized};

use super::{Fault, id, opt_id, time};
use crate::wire;
use crate::wire::delivery_outcome::Result as WireResult;
use crate::wire::event_result::Result as WirePart;

pub fn write(outcome: &DeliveryOutcome) -> wire::DeliveryOutcome {
    wire::DeliveryOutcome {
        delivery: outcome.delivery.to_string(),
        webhook: outcome.webhook.to_string(),
        received_at_micros: outcome.received_at.micros(),
        result: Some(write_result(&outcome.result)),
        events: outcome.events.iter().map(write_part).collect(),
    }
}

pub fn read(wire: wire::DeliveryOutcome) -> Result<DeliveryOutcome, Fault> {
    Ok(DeliveryOutcome {
        delivery: id("delivery", wire.delivery)?,
        webhook: id("webhook", wire.webhook)?,
        received_at: time(wire.received_at_micros),
        result: read_result(wire.result.ok_or(Fault::Missing("result"))?)?,
        events: wire.events.into_iter().map(read_part).collect::<Result<_, _>>()?,
    })
}

fn write_result(result: &Normalized) -> WireResult {
    match result {
        Normalized::Routed { event, runs } => WireResult::Normalized(wire::Routed {
            event: Some(write_event(event)),
            runs: runs.iter().map(ToString::to_string).collect(),
        }),
        Normalized::Filtered { event, clause } => {
            WireResult::Filtered(wire::Filtered { event: Some(write_event(event)), clause: clause.clone() })
        }
        Normalized::Unroutable { reason } => WireResult::Unroutable(wire::Unroutable { reason: reason.clone() }),
    }
}

fn read_result(wire: WireResult) -> Result<Normalized, Fault> {
    Ok(match wire {
        WireResult::Normalized(routed) => Normalized::Routed {
            event: read_event(routed.event)?,
            runs: routed.runs.into_iter().map(|run| id("runs", run)).collect::<Result<_, _>>()?,
        },
        WireResult::Filtered(filtered) => {
            Normalized::Filtered { event: read_event(filtered.event)?, clause: filtered.clause }
        }
        WireResult::Unroutable(unroutable) => Normalized::Unroutable { reason: unroutable.reason },
    })
}

fn write_part(result: &Normalized) -> wire::EventResult {
    let result = match write_result(result) {
        WireResult::Normalized(routed) => WirePart::Normalized(routed),
        WireResult::Filtered(filtered) => WirePart::Filtered(filtered),
        WireResult::Unroutable(unroutable) => WirePart::Unroutable(unroutable),
    };
    wire::EventResult { result: Some(result) }
}

fn read_part(wire: wire::EventResult) -> Result<Normalized, Fault> {
    read_result(match wire.result.ok_or(Fault::Missing("events.result"))? {
        WirePart::Normalized(routed) => WireResult::Normalized(routed),
        WirePart::Filtered(filtered) => WireResult::Filtered(filtered),
        WirePart::Unroutable(unroutable) => WireResult::Unroutable(unroutable),
    })
}

fn write_event(event: &Event) -> wire::Event {
    let field = |field: &Field| wire::Field { name: field.name.clone(), value: field.value.clone() };
    wire::Event {
        event_type: event.event_type.clone(),
        entity: event.entity.as_ref().map(ToString::to_string),
        actor: event.actor.clone(),
        summary: event.summary.iter().map(field).collect(),
    }
}

fn read_event(wire: Option<wire::Event>) -> Result<Event, Fault> {
    let wire = wire.ok_or(Fault::Missing("event"))?;
    Ok(Event {
        event_type: wire.event_type,
        entity: opt_id("entity", wire.entity)?,
        actor: wire.actor,
        summary: wire.summary.into_iter().map(|field| Field { name: field.name, value: field.value }).collect(),
    })
}
