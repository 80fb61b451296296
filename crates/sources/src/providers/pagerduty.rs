//! PagerDuty: `event.id` is the delivery and `event.event_type` the event; the ended v2 posts `messages` in batches.

use hookwheel_core::webhook::Auth;
use serde_json::{Value, json};

use crate::admit;
use crate::delivery::{Delivery, event_type};
use crate::facts::{names, short, text};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

pub(crate) static PAGERDUTY: Profile = Profile {
    name: "pagerduty",
    auth: || Auth::scheme("pagerduty_v2_signature"),
    ids: &[Id::Body("event.id"), Id::Made(message_ids)],
    event_type: |d| event_type(&[d.first(&["event.event_type", "event"]).as_deref()]),
    entity: |d| {
        let is_incident = d.scalar("event.data.type").is_some_and(|kind| kind == "incident");
        let own = if is_incident { d.entity(&["incident:{event.data.id}"]) } else { None };
        own.or_else(|| d.entity(&["incident:{event.data.incident.id}", "incident:{incident.id}"]))
    },
    identity: &["event.event_type", "event.data.type", "event.data.id", "event.data.incident.id", "incident.id"],
    actor: &["event.agent.summary", "incident.last_status_change_by.summary"],
    facts: &[
        short("number", &["event.data.number", "incident.incident_number"]),
        short("title", &["event.data.title", "event.data.incident.summary", "incident.title"]),
        short("status", &["event.data.status", "incident.status"]),
        short("urgency", &["event.data.urgency", "incident.urgency"]),
        short("priority", &["event.data.priority.summary", "incident.priority.summary"]),
        short("service", &["event.data.service.summary", "incident.service.summary", "incident.service.name"]),
        names("assignees", &["event.data.assignees"], "summary"),
        names("assigned to", &["incident.assignments"], "assignee.summary"),
        names("teams", &["event.data.teams", "incident.teams"], "summary"),
        short("escalation policy", &["event.data.escalation_policy.summary", "incident.escalation_policy.summary"]),
        short("resolve reason", &["event.data.resolve_reason.type"]),
        short("agent", &["event.agent.summary", "incident.last_status_change_by.summary"]),
        short("client", &["event.client.name"]),
        short("at", &["event.occurred_at", "created_on"]),
        short("url", &["event.data.html_url", "event.data.incident.html_url", "incident.html_url"]),
        text("note", &["event.data.content"]),
        text("message", &["event.data.message"]),
        text("description", &["incident.description"]),
    ],
    split: Some(|body| body.get("messages").into_iter().flat_map(Json::items).collect()),
    event_types: &[
        "incident.acknowledge",
        "incident.acknowledged",
        "incident.annotate",
        "incident.annotated",
        "incident.assign",
        "incident.conference_bridge.updated",
        "incident.custom_field_values.updated",
        "incident.delegate",
        "incident.delegated",
        "incident.escalate",
        "incident.escalated",
        "incident.incident_type.changed",
        "incident.priority_updated",
        "incident.reassigned",
        "incident.reopened",
        "incident.resolve",
        "incident.resolved",
        "incident.responder.added",
        "incident.responder.replied",
        "incident.service_updated",
        "incident.status_update_published",
        "incident.trigger",
        "incident.triggered",
        "incident.unacknowledge",
        "incident.unacknowledged",
        "incident.workflow.completed",
        "incident.workflow.started",
        "pagey.ping",
        "service.created",
        "service.deleted",
        "service.updated",
    ],
    handshakes: &["pagey.ping"],
    credentials: &["x-pagerduty-signature"],
    sample: triggered,
    ..Profile::BLANK
};

/// Every attempt renders a message's incident anew, so only the messages' ids are the same again.
fn message_ids(d: &Delivery<'_>) -> Option<String> {
    let messages = d.at("messages")?;
    let ids: Option<Vec<_>> = messages.items().map(|message| message.get("id")?.text()).collect();
    let ids = ids.filter(|ids| !ids.is_empty())?;
    Some(admit::body_key(ids.join("\n").as_bytes()))
}

fn triggered(seed: u64) -> Sample {
    let id = format!("QSAMPLE{seed:08}");
    let body = json!({ "event": {
        "id": format!("01SAMPLE{seed:018}"), "event_type": "incident.triggered", "resource_type": "incident",
        "occurred_at": "2026-11-02T09:30:00Z", "agent": reference("PSVC001", "service", "Checkout"), "client": null,
        "data": {
            "id": id, "type": "incident", "number": seed % 10_000 + 1, "status": "triggered", "urgency": "high",
            "html_url": format!("https://acme.pagerduty.example.com/incidents/{id}"),
            "title": "Checkout answers 5xx to one request in twenty", "created_at": "2026-11-02T09:30:00Z",
            "service": reference("PSVC001", "service", "Checkout"),
            "assignees": [reference("PUSR001", "user", "On call, first")],
            "escalation_policy": reference("PESC001", "escalation_policy", "Default"),
            "priority": reference("PPRI001", "priority", "P2"), "teams": [], "resolve_reason": null,
        },
    } });
    sample(&[("x-webhook-subscription", "PSUB001")], body)
}

fn reference(id: &str, kind: &str, summary: &str) -> Value {
    json!({
        "id": id, "type": format!("{kind}_reference"), "summary": summary,
        "html_url": format!("https://acme.pagerduty.example.com/{kind}s/{id}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{describe, entity, events, fact, fixture, key};

    #[test]
    fn old_messages_are_one_event_each() {
        let body = br#"{"messages":[
            {"id":"m1","event":"incident.trigger","incident":{"id":"P1","title":"one","assignments":[{"assignee":{"summary":"A"}}]}},
            {"id":"m2","event":"incident.resolve","incident":{"id":"P2","title":"two"}}]}"#;
        let events = events(&PAGERDUTY, &[], body);
        let types: Vec<_> = events.iter().map(|e| e.event_type.as_deref().unwrap()).collect();
        assert_eq!(types, ["incident.trigger", "incident.resolve"]);
        assert_eq!(
            events.iter().map(entity).collect::<Vec<_>>(),
            [Some("pagerduty:incident:P1"), Some("pagerduty:incident:P2")]
        );
        assert_eq!(fact(&events[0], "assigned to"), Some("A"));
        assert_eq!(describe(&PAGERDUTY, &[], body), events[0]);
    }

    #[test]
    fn an_old_batch_rendered_anew_has_the_same_key() {
        let by = |body: &str| key(&PAGERDUTY, &[], body.as_bytes()).unwrap();
        let first = by(r#"{"messages":[{"id":"m1","incident":{"status":"triggered"}},{"id":"m2"}]}"#);
        assert_eq!(first, by(r#"{"messages":[{"id":"m1","incident":{"status":"resolved"}},{"id":"m2"}]}"#));
        assert_ne!(first, by(r#"{"messages":[{"id":"m1"}]}"#));
        assert_ne!(by(r#"{"messages":[{"x":1}]}"#), by(r#"{"messages":[{"x":2}]}"#));
        assert_ne!(by(r#"{"messages":[]}"#), by(r#"{"messages":[ ]}"#));
    }

    #[test]
    fn a_note_is_about_its_incident_and_a_ping_about_nothing() {
        let note = describe(&PAGERDUTY, &[], &fixture("pagerduty/synth_incident_annotated_101_p20.json"));
        assert!(fact(&note, "note").unwrap().starts_with("Disk nearly full"));
        assert_eq!(entity(&note), Some("pagerduty:incident:QFPBXQQ5EO530J"));
        let service = br#"{"event":{"id":"e","event_type":"service.updated","data":{"id":"S1","type":"service"}}}"#;
        assert_eq!(entity(&describe(&PAGERDUTY, &[], service)), None);
    }
}
