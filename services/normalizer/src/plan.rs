//! From a delivery and its configuration to what will be written down. Pure.

use std::cell::OnceCell;

use hookwheel_core::delivery::DeliveryReceived;
use hookwheel_core::event::{DeliveryOutcome, Event, Normalized};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_sources::{Headers, Reading, Request};

use crate::event::{Translated, Translator};
use crate::items;

/// What will be written down about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// One request for each route an event matched, in the order of events, then of routes.
    pub requests: Vec<RunRequested>,
    /// Filters that could not be answered, each with its route if it is a route's. They have stopped the event there.
    pub filter_errors: Vec<String>,
}

/// Translates a delivery with the configuration it was received under. The requests carry the delivery's own trace.
pub fn normalize(delivery: &DeliveryReceived, body: &[u8], snapshot: &Snapshot) -> Plan {
    let webhook = &snapshot.webhook;
    let Some(source) = hookwheel_sources::source(&delivery.source) else {
        let reason = format!("this version has no source profile {:?}", delivery.source);
        return ended(delivery, Normalized::Unroutable { reason });
    };
    let headers = Headers(delivery.headers.clone());
    let request = Request { method: &delivery.method, url: "", headers: &headers, body };
    let text = hookwheel_sources::text(&request);
    let (reading, fence) = (Reading::new(&headers, &text), OnceCell::new());
    let translator = Translator { delivery, body, webhook, source, reading, fence };
    let mark = hookwheel_sources::ambiguity(&text);
    let marked = |mut event: Event| {
        event.summary.extend(mark.clone());
        event
    };
    let events: Vec<_> = source.events(webhook, &request).into_iter().map(marked).collect();
    let translated = match <[Event; 1]>::try_from(events) {
        Ok([event]) => (translator.event(None, event), Vec::new()),
        Err(events) => {
            let whole = marked(source.describe(webhook, &request));
            items::translate(whole, events, |index, event| translator.event(Some(index), event))
        }
    };
    let (Translated { result, requests, filter_errors }, events) = translated;
    let plan = ended(delivery, result);
    Plan { outcome: DeliveryOutcome { events, ..plan.outcome }, requests, filter_errors }
}
fn ended(delivery: &DeliveryReceived, result: Normalized) -> Plan {
    let outcome = DeliveryOutcome {
        delivery: delivery.delivery.clone(),
        webhook: delivery.webhook.clone(),
        received_at: delivery.received_at,
        result,
        events: Vec::new(),
    };
    Plan { outcome, requests: Vec::new(), filter_errors: Vec::new() }
}
