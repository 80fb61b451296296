//! One event of a delivery: its filters asked, its run requests made. Pure.

use std::cell::OnceCell;

use hookwheel_core::delivery::DeliveryReceived;
use hookwheel_core::event::{Event, Normalized};
use hookwheel_core::filter::{self, Decision};
use hookwheel_core::ids::EventId;
use hookwheel_core::ids::{AgentName, RunId, SessionId, WebhookId};
use hookwheel_core::message::{self, Fence, delivery_message};
use hookwheel_core::run::RunRequested;
use hookwheel_core::webhook::{Action, Route, SessionMode, Webhook};
use hookwheel_sources::{Reading, Source};

/// What became of an event.
pub(crate) struct Translated {
    pub result: Normalized,
    pub requests: Vec<RunRequested>,
    pub filter_errors: Vec<String>,
}

/// What the events of a delivery have in common.
pub(crate) struct Translator<'a> {
    pub delivery: &'a DeliveryReceived,
    pub body: &'a [u8],
    pub webhook: &'a Webhook,
    pub source: &'static dyn Source,
    pub reading: Reading<'a>,
    /// Made when the first message needs it: it hashes the body.
    pub fence: OnceCell<Fence>,
}

impl Translator<'_> {
    /// `index` is the event's place in its batch.
    pub fn event(&self, index: Option<u32>, event: Event) -> Translated {
        let decision = filter::decide(self.webhook, &self.reading.view(self.source, &event));
        let filter_errors = errors(self.webhook, &decision);
        match decision.taken() {
            Ok(routes) => {
                let request = |at: usize| self.request(index, &event, &self.webhook.routes[at]);
                let requests: Vec<_> = routes.into_iter().map(request).collect();
                let runs = requests.iter().map(|request| request.run.clone()).collect();
                Translated { result: Normalized::Routed { event, runs }, requests, filter_errors }
            }
            Err(clause) => {
                Translated { result: Normalized::Filtered { event, clause }, requests: Vec::new(), filter_errors }
            }
        }
    }

    fn request(&self, index: Option<u32>, event: &Event, route: &Route) -> RunRequested {
        let (delivery, Action::Agent(agent)) = (self.delivery, &route.action);
        let id = EventId { delivery: delivery.delivery.clone(), index };
        let about = message::Subject {
            webhook: self.webhook,
            id: &id,
            received_at: delivery.received_at,
            proof: &delivery.proof,
            event,
        };
        let fence = self.fence.get_or_init(|| Fence::derive(&delivery.delivery, &delivery.snapshot, self.body));
        RunRequested {
            run: RunId::of_event(&id, &route.name, 0),
            session: session(&delivery.webhook, &id, event, route, agent),
            delivery: delivery.delivery.clone(),
            event_index: index,
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
}

fn errors(webhook: &Webhook, decision: &Decision) -> Vec<String> {
    let named = |(at, why): (Option<usize>, String)| match at {
        None => why,
        Some(at) => format!("route {}: {why}", webhook.routes[at].name),
    };
    decision.errors().into_iter().map(named).collect()
}

/// Sessions belong to an agent of a webhook: two routes that send one entity to the same agent share its memory. What a
/// sender happened to put into one batch has nothing else in common, so an event without an entity is alone there too.
fn session(webhook: &WebhookId, id: &EventId, event: &Event, route: &Route, agent: &AgentName) -> SessionId {
    let name = match (route.session, &event.entity) {
        (SessionMode::PerEntity, Some(entity)) => format!("entity:{entity}"),
        (SessionMode::PerEntity, None) | (SessionMode::PerDelivery, _) => format!("delivery:{id}:{}", route.name),
    };
    SessionId::derive(webhook, agent.as_str(), &name)
}
