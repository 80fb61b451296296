//! Zendesk: event subscriptions say their `type` and `subject`; a trigger's webhook posts what its author wrote.

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{names, short, text};
use crate::profile::{Id, Profile, Sample, sample};

pub(crate) static ZENDESK: Profile = Profile {
    name: "zendesk",
    auth: || Auth::scheme("zendesk"),
    ids: &[Id::Header("x-zendesk-webhook-invocation-id"), Id::Body("id")],
    event_type: |d| {
        let name = d.scalar("type")?;
        event_type(&[Some(name.strip_prefix("zen:event-type:").unwrap_or(&name))])
    },
    entity: |d| subject(d).or_else(|| d.entity(&["ticket:{ticket.id}", "ticket:{ticket_id}"])),
    identity: &["type", "subject", "detail.id", "ticket.id", "ticket_id"],
    actor: &["event.comment.author.name", "event.actor.id", "detail.actor_id"],
    facts: &[
        short("ticket", &["detail.id", "ticket.id", "ticket_id"]),
        short("subject", &["detail.subject", "ticket.title", "ticket.subject", "title"]),
        short("name", &["detail.name"]),
        short("status", &["detail.status", "ticket.status", "status"]),
        short("priority", &["detail.priority", "ticket.priority", "priority"]),
        short("type", &["detail.type"]),
        short("channel", &["detail.via.channel"]),
        short("requester", &["detail.requester_id", "ticket.requester.name", "requester"]),
        short("assignee", &["detail.assignee_id", "ticket.assignee.name", "assignee"]),
        short("group", &["detail.group_id"]),
        short("organization", &["detail.organization_id"]),
        names("tags", &["detail.tags"], ""),
        short("before", &["event.previous"]),
        short("now", &["event.current"]),
        short("comment by", &["event.comment.author.name", "event.comment.author.id"]),
        short("public comment", &["event.comment.is_public"]),
        short("at", &["time"]),
        text("comment", &["event.comment.body", "ticket.latest_comment", "latest_comment"]),
        text("description", &["detail.description", "ticket.description", "description"]),
    ],
    event_types: &[
        "article.published",
        "organization.created",
        "organization.deleted",
        "ticket.agent_assignment_changed",
        "ticket.comment_added",
        "ticket.created",
        "ticket.custom_status_changed",
        "ticket.description_changed",
        "ticket.group_assignment_changed",
        "ticket.marked_as_spam",
        "ticket.merged",
        "ticket.priority_changed",
        "ticket.soft_deleted",
        "ticket.status_changed",
        "ticket.subject_changed",
        "ticket.tags_changed",
        "ticket.type_changed",
        "user.created",
        "user.deleted",
        "user.merged",
    ],
    credentials: &["x-zendesk-webhook-signature"],
    sample: comment,
    ..Profile::BLANK
};

/// `zen:ticket:7` is `zendesk:ticket:7`.
fn subject(d: &Delivery<'_>) -> Option<EntityKey> {
    let subject = d.scalar("subject")?;
    let (kind, id) = subject.strip_prefix("zen:")?.rsplit_once(':')?;
    (!kind.is_empty() && !id.is_empty()).then(|| EntityKey::fit(&format!("zendesk:{kind}:{id}")))
}

fn comment(seed: u64) -> Sample {
    let ticket = seed % 100_000 + 1;
    let id = format!("{seed:08x}-0000-4000-8000-{:012x}", seed & 0xffff_ffff_ffff);
    let body = json!({
        "account_id": 1, "id": id, "type": "zen:event-type:ticket.comment_added",
        "subject": format!("zen:ticket:{ticket}"), "time": "2026-11-02T09:30:00Z", "zendesk_event_version": "2022-11-06",
        "event": { "comment": {
            "id": "9001", "is_public": true, "author": { "id": "42", "is_staff": false, "name": "Rivers" },
            "body": "The invoice for October still shows the old address.",
        } },
        "detail": {
            "id": ticket.to_string(), "subject": "Wrong address on the invoice", "status": "OPEN", "priority": "NORMAL",
            "description": "The invoice shows an address we left in May.", "requester_id": "42", "tags": ["billing"],
            "via": { "channel": "email" },
        },
    });
    sample(&[("x-zendesk-webhook-id", "01SAMPLE"), ("x-zendesk-webhook-invocation-id", &id)], body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BadBody;
    use crate::probe::{describe, entity, fact, key};

    #[test]
    fn the_subject_is_the_entity() {
        let about = |body: &str| entity(&describe(&ZENDESK, &[], body.as_bytes())).map(str::to_owned);
        assert_eq!(about(r#"{"subject":"zen:ticket:7"}"#).as_deref(), Some("zendesk:ticket:7"));
        assert_eq!(about(r#"{"subject":"zen:user:9"}"#).as_deref(), Some("zendesk:user:9"));
        assert_eq!(
            about(r#"{"subject":"zen:help_center:article:3"}"#).as_deref(),
            Some("zendesk:help_center:article:3")
        );
        assert_eq!(about(r#"{"subject":"Help!","ticket_id":7}"#).as_deref(), Some("zendesk:ticket:7"));
        assert_eq!(about(r#"{"subject":"zen:ticket:"}"#), None);
    }

    #[test]
    fn the_invocation_is_the_key_else_the_event() {
        let body = br#"{"id":"e-1","type":"zen:event-type:ticket.created"}"#;
        assert_eq!(key(&ZENDESK, &[("x-zendesk-webhook-invocation-id", "i-1")], body).unwrap(), "i-1");
        assert_eq!(key(&ZENDESK, &[], body).unwrap(), "e-1");
        assert_eq!(key(&ZENDESK, &[], br#"{"type":"a","type":"b"}"#), Err(BadBody::DuplicateKey));
    }

    #[test]
    fn a_comment_is_told_before_the_ticket_it_is_on() {
        let (_, body) = comment(6);
        let event = describe(&ZENDESK, &[], &body);
        assert_eq!(event.event_type.as_deref(), Some("ticket.comment_added"));
        assert_eq!(event.actor.as_deref(), Some("Rivers"));
        assert!(fact(&event, "comment").unwrap().starts_with("The invoice for October"));
    }
}
