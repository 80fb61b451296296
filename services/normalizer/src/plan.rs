//! From a delivery and its configuration to what will be written down. Pure.

use hookwheel_core::delivery::DeliveryReceived;
use hookwheel_core::event::{DeliveryOutcome, Event, Normalized};
use hookwheel_core::ids::{AgentName, RunId, SessionId};
use hookwheel_core::message::{self, Fence, delivery_message};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::{Action, Route, SessionMode, Webhook};
use hookwheel_sources::{Headers, Request, Source};

/// The clause when every filter lets an event through and still nobody wants it.
pub(crate) const NO_ROUTE: &str = "no route takes this event";
const HANDSHAKE: &str = "provider handshake";

/// What will be written down about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// One request for each matched route, in the order of the routes.
    pub requests: Vec<RunRequested>,
}

/// Translates a delivery with the configuration it was received under. The requests carry the delivery's own trace.
pub fn normalize(delivery: &DeliveryReceived, body: &[u8], snapshot: &Snapshot) -> Plan {
    let webhook = &snapshot.webhook;
    let Some(source) = hookwheel_sources::source(&delivery.source) else {
        let reason = format!("this version has no source profile {:?}", delivery.source);
        return ended(delivery, Normalized::Unroutable { reason });
    };
    let headers = Headers(delivery.headers.clone());
    let event = source.describe(webhook, &Request { method: &delivery.method, headers: &headers, body });
    match route(source, webhook, &event) {
        Ok(routes) => routed(delivery, body, snapshot, event, &routes),
        Err(clause) => ended(delivery, Normalized::Filtered { event, clause: clause.into() }),
    }
}

/// The routes that take the event, or the clause that stopped it.
fn route<'a>(source: &dyn Source, webhook: &'a Webhook, event: &Event) -> Result<Vec<&'a Route>, &'static str> {
    if source.is_handshake(event) {
        return Err(HANDSHAKE);
    }
    let event_type = event.event_type.as_deref();
    if let Some(stopped) = webhook.events.stops(event_type) {
        return Err(stopped.clause());
    }
    let routes: Vec<_> = webhook.routes.iter().filter(|route| route.events.stops(event_type).is_none()).collect();
    if routes.is_empty() { Err(NO_ROUTE) } else { Ok(routes) }
}

fn routed(delivery: &DeliveryReceived, body: &[u8], snapshot: &Snapshot, event: Event, routes: &[&Route]) -> Plan {
    let fence = Fence::derive(&delivery.delivery, &delivery.snapshot, body);
    let requests: Vec<_> =
        routes.iter().map(|route| request(delivery, &snapshot.webhook, &event, route, &fence)).collect();
    let runs = requests.iter().map(|request| request.run.clone()).collect();
    Plan { requests, ..ended(delivery, Normalized::Routed { event, runs }) }
}

fn request(
    delivery: &DeliveryReceived,
    webhook: &Webhook,
    event: &Event,
    route: &Route,
    fence: &Fence,
) -> RunRequested {
    let Action::Agent(agent) = &route.action;
    let about = message::Subject {
        webhook,
        delivery: &delivery.delivery,
        received_at: delivery.received_at,
        proof: &delivery.proof,
        event,
    };
    RunRequested {
        run: RunId::derive(&delivery.delivery, &route.name, 0),
        session: session(delivery, event, route, agent),
        delivery: delivery.delivery.clone(),
        delivery_key_hash: delivery.key.hash.clone(),
        webhook: delivery.webhook.clone(),
        source: delivery.source.clone(),
        route: route.name.clone(),
        generation: 0,
        agent: agent.clone(),
        snapshot: delivery.snapshot.clone(),
        event_type: event.event_type.clone(),
        entity: event.entity.clone(),
        message: delivery_message(&about, fence, route.prompt_suffix.as_deref()),
        received_at: delivery.received_at,
        traceparent: delivery.traceparent.clone(),
    }
}

/// Sessions belong to an agent of a webhook: two routes that send one entity to the same agent share its memory.
fn session(delivery: &DeliveryReceived, event: &Event, route: &Route, agent: &AgentName) -> SessionId {
    let name = match (route.session, &event.entity) {
        (SessionMode::PerEntity, Some(entity)) => format!("entity:{entity}"),
        (SessionMode::PerEntity, None) | (SessionMode::PerDelivery, _) => {
            format!("delivery:{}:{}", delivery.delivery, route.name)
        }
    };
    SessionId::derive(&delivery.webhook, agent.as_str(), &name)
}

fn ended(delivery: &DeliveryReceived, result: Normalized) -> Plan {
    let outcome = DeliveryOutcome {
        delivery: delivery.delivery.clone(),
        webhook: delivery.webhook.clone(),
        received_at: delivery.received_at,
        result,
    };
    Plan { outcome, requests: Vec::new() }
}
