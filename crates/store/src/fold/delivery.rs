//! Receipt, outcome and notices of a delivery, and the state that follows from them and its runs.

use hookwheel_core::DeliveryId;
use hookwheel_core::delivery::{Body, DeliveryReceived, DeliveryState, Notice, NoticeKind};
use hookwheel_core::event::{DeliveryOutcome, Event, Normalized};
use hookwheel_core::journal::RunOutcome;

use super::{Work, run};
use crate::record::{DeliveryRecord, EventRecord, NoticeRecord, RequestRecord, Standing, int};
use crate::text::{lossless, pack};

const ROUTED: &str = "routed";
const FILTERED: &str = "filtered";
const UNROUTABLE: &str = "unroutable";

impl Work {
    pub(super) fn received(&mut self, fact: DeliveryReceived) {
        let row = self.delivery(fact.delivery.as_str());
        if row.received_at.is_some() {
            return;
        }
        row.webhook = Some(fact.webhook.to_string());
        row.source = Some(pack(&fact.source));
        row.delivery_key = Some(pack(&fact.key.text));
        row.received_at = Some(fact.received_at.micros());
        row.body_size = Some(int(fact.body.len()));
        row.trace_id = fact.traceparent.as_deref().and_then(trace_id);
        self.requests.push(request(fact));
    }

    pub(super) fn normalized(&mut self, fact: DeliveryOutcome) {
        let id = fact.delivery.as_str();
        let row = self.delivery(id);
        if row.outcome.is_some() {
            return;
        }
        let is_understood = !matches!(fact.result, Normalized::Unroutable { .. });
        let whole = event_row(id, 0, fact.result);
        row.outcome = Some(whole.outcome.clone());
        row.note.clone_from(&whole.note);
        row.planned_runs = whole.planned_runs;
        row.event_type.clone_from(&whole.event_type);
        row.entity.clone_from(&whole.entity);
        row.actor.clone_from(&whole.actor);
        if fact.events.is_empty() {
            self.events.extend(is_understood.then_some(whole));
        } else {
            self.events.extend((0..).zip(fact.events).map(|(index, result)| event_row(id, index, result)));
        }
    }

    pub(super) fn noticed(&mut self, seq: u64, fact: Notice) {
        if let (NoticeKind::Duplicate, Some(id)) = (fact.kind, &fact.delivery) {
            self.delivery(id.as_str()).duplicates += 1;
        }
        self.notices.push(NoticeRecord {
            stream: self.stream.clone(),
            seq: int(seq),
            webhook: fact.webhook.to_string(),
            kind: fact.kind.as_str().to_owned(),
            delivery: fact.delivery.map(String::from),
            reason: pack(fact.reason),
            at: fact.at.micros(),
            peer: pack(fact.peer),
            rule: pack(fact.rule),
            headers: json(&fact.headers),
            more: int(fact.more),
        });
    }
}

/// Derives state, reason and number of runs.
pub(super) fn settle(row: &mut DeliveryRecord, runs: &[&Standing]) {
    let known = int(runs.len());
    row.runs = known.max(row.planned_runs);
    let ended = runs.iter().filter(|run| run::has_ended(&run.state)).count();
    let unsuccessful =
        runs.iter().find(|run| run::has_ended(&run.state) && run.state != RunOutcome::Completed.as_str());
    let state = match row.outcome.as_deref() {
        Some(FILTERED) => DeliveryState::Filtered,
        Some(UNROUTABLE) => DeliveryState::Unroutable,
        // Only the outcome says how many runs there are, so nothing is at its end without it.
        Some(_) if row.runs > 0 && int(ended) == row.runs => match unsuccessful {
            None => DeliveryState::Completed,
            Some(_) => DeliveryState::Failed,
        },
        _ if runs.iter().any(|run| run.state != run::REQUESTED) => DeliveryState::Processing,
        Some(_) => DeliveryState::Queued,
        None => DeliveryState::Received,
    };
    row.state = state.as_str().to_owned();
    row.reason = match (state, unsuccessful) {
        (DeliveryState::Failed, Some(run)) => Some(run.error.clone().unwrap_or_else(|| run.state.clone())),
        _ => row.note.clone(),
    };
}

fn request(fact: DeliveryReceived) -> RequestRecord {
    let headers: Vec<_> = fact.headers.iter().map(|(name, value)| (name.as_str(), lossless(value))).collect();
    let (body, body_blob) = match fact.body {
        Body::Inline(bytes) => (Some(Vec::from(bytes)), None),
        Body::Blob { sha256, .. } => (None, Some(pack(sha256))),
    };
    RequestRecord {
        delivery: fact.delivery.into(),
        method: pack(fact.method),
        headers: json(&headers),
        body,
        body_blob,
        scheme: pack(fact.proof.scheme),
        secret: fact.proof.secret.map(i64::from),
        signed_at: fact.proof.signed_at.map(|at| at.micros()),
        snapshot: fact.snapshot.into(),
        peer: pack(fact.peer),
    }
}

fn event_row(delivery: &str, event_index: i64, result: Normalized) -> EventRecord {
    let (outcome, note, planned_runs, event) = match result {
        Normalized::Routed { event, runs } => (ROUTED, None, int(runs.len()), event),
        Normalized::Filtered { event, clause } => (FILTERED, Some(clause), 0, event),
        Normalized::Unroutable { reason } => (UNROUTABLE, Some(reason), 0, Event::default()),
    };
    let summary: Vec<_> = event.summary.iter().map(|field| (&field.name, &field.value)).collect();
    EventRecord {
        delivery: delivery.to_owned(),
        event_index,
        outcome: outcome.to_owned(),
        note: note.map(pack),
        planned_runs,
        event_type: event.event_type.map(pack),
        entity: event.entity.map(|key| pack(String::from(key))),
        actor: event.actor.map(pack),
        summary: json(&summary),
    }
}

/// JSON text needs no packing: it escapes control characters itself.
pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The trace of a `traceparent`, when that is well formed.
fn trace_id(traceparent: &str) -> Option<String> {
    let id = traceparent.split('-').nth(1)?;
    (id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())).then(|| id.to_ascii_lowercase())
}

/// Microseconds since the epoch of the time in a delivery's id, which counts milliseconds.
pub(super) fn received_hint(id: &DeliveryId) -> i64 {
    let millis = id.as_str().get(4..16).and_then(|hex| i64::from_str_radix(hex, 16).ok());
    millis.unwrap_or_default() * 1000
}
