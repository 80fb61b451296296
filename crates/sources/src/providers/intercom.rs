//! Intercom: the body's `id` is the notification, its `topic` what happened, `data.item` what it happened to.

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{lines, names, short, text};
use crate::handshake::{self, Greeting};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

pub(crate) static INTERCOM: Profile = Profile {
    name: "intercom",
    auth: || Auth::scheme("intercom"),
    ids: &[Id::Body("id")],
    event_type: |d| event_type(&[d.scalar("topic").as_deref()]),
    entity,
    identity: &["topic", "data.item.type", "data.item.id", "data.item.ticket.id"],
    actor: &["data.item.source.author.name", "data.item.source.author.email", "data.item.email"],
    facts: &[
        short("topic", &["topic"]),
        short("title", &["data.item.title", "data.item.ticket_attributes._default_title_"]),
        short("subject", &["data.item.source.subject"]),
        short("state", &["data.item.state", "data.item.ticket_state", "data.item.ticket_state.category"]),
        short("priority", &["data.item.priority"]),
        short("author", &["data.item.source.author.name"]),
        short("author's address", &["data.item.source.author.email"]),
        short("name", &["data.item.name"]),
        short("address", &["data.item.email"]),
        short("assignee", &["data.item.admin_assignee_id", "data.item.assignee.name"]),
        short("team", &["data.item.team_assignee_id"]),
        names("tags", &["data.item.tags.tags"], "name"),
        short("attempt", &["delivery_attempts"]),
        lines(
            "parts",
            &["data.item.conversation_parts.conversation_parts", "data.item.ticket_parts.ticket_parts"],
            part,
        ),
        text("message", &["data.item.source.body", "data.item.ticket_attributes._default_description_"]),
    ],
    event_types: &[
        "company.created",
        "company.updated",
        "contact.archived",
        "contact.created",
        "contact.deleted",
        "contact.email.updated",
        "contact.lead.created",
        "contact.unsubscribed",
        "contact.user.created",
        "contact.user.updated",
        "conversation.admin.assigned",
        "conversation.admin.closed",
        "conversation.admin.noted",
        "conversation.admin.opened",
        "conversation.admin.replied",
        "conversation.admin.single.created",
        "conversation.admin.snoozed",
        "conversation.admin.unsnoozed",
        "conversation.deleted",
        "conversation.priority.updated",
        "conversation.rating.added",
        "conversation.read",
        "conversation.user.created",
        "conversation.user.replied",
        "conversation_part.redacted",
        "conversation_part.tag.created",
        "ping",
        "ticket.admin.assigned",
        "ticket.admin.replied",
        "ticket.closed",
        "ticket.contact.replied",
        "ticket.created",
        "ticket.note.created",
        "ticket.state.updated",
    ],
    handshakes: &["ping"],
    greet: |_, request| (request.method == "HEAD").then(|| Greeting::Answered(handshake::empty(200, Vec::new()))),
    credentials: &["x-hub-signature"],
    sample: conversation,
    ..Profile::BLANK
};

/// The item itself, or the ticket it belongs to.
fn entity(d: &Delivery<'_>) -> Option<EntityKey> {
    match d.scalar("data.item.type").as_deref() {
        Some("conversation") => d.entity(&["conversation:{data.item.id}"]),
        Some("ticket") => d.entity(&["ticket:{data.item.id}"]),
        Some("contact" | "user" | "lead") => d.entity(&["contact:{data.item.id}"]),
        Some("company") => d.entity(&["company:{data.item.id}"]),
        _ => d.entity(&["ticket:{data.item.ticket.id}", "conversation:{data.item.conversation.id}"]),
    }
}

/// `Ada: <p>what was written</p>`
fn part(part: Json<'_>) -> std::borrow::Cow<'_, str> {
    let text = |path| part.path(path).and_then(Json::text).filter(|text| !text.is_empty());
    let author = text("author.name").or_else(|| text("author.type")).unwrap_or_default();
    match text("body") {
        Some(body) => format!("{author}: {body}").into(),
        None => format!("{author}: {}", text("part_type").unwrap_or_default()).into(),
    }
}

fn conversation(seed: u64) -> Sample {
    let body = json!({
        "type": "notification_event", "app_id": "sample1", "topic": "conversation.user.created",
        "id": format!("notif_{seed:08x}-0000-4000-8000-{:012x}", seed & 0xffff_ffff_ffff), "created_at": 1_793_612_000,
        "delivery_attempts": 1, "first_sent_at": 1_793_612_000, "delivery_status": "pending",
        "data": { "type": "notification_event_data", "item": {
            "type": "conversation", "id": (1_000 + seed % 100_000).to_string(), "state": "open", "title": null,
            "source": {
                "type": "conversation", "body": "<p>How do I move a workspace to another owner?</p>",
                "author": { "type": "user", "name": "Rivers", "email": "rivers@example.com" },
            },
        } },
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source as _;
    use crate::probe::{describe, entity, fact, key};

    #[test]
    fn a_ping_is_a_handshake() {
        let event =
            describe(&INTERCOM, &[], br#"{"topic":"ping","id":"n","data":{"item":{"type":"ping","message":"hi"}}}"#);
        assert!(INTERCOM.is_handshake(&event));
        assert_eq!(entity(&event), None);
    }

    #[test]
    fn a_reply_is_about_its_conversation_and_says_what_was_written() {
        let body = br#"{"topic":"conversation.user.replied","id":"n-1","data":{"item":{"type":"conversation","id":"7",
            "conversation_parts":{"conversation_parts":[{"part_type":"comment","body":"<p>still broken</p>",
            "author":{"type":"user","name":"Ada"}}]}}}}"#;
        assert_eq!(key(&INTERCOM, &[], body).unwrap(), "n-1");
        let event = describe(&INTERCOM, &[], body);
        assert_eq!(entity(&event), Some("intercom:conversation:7"));
        assert_eq!(fact(&event, "parts"), Some("Ada: <p>still broken</p>"));
    }

    #[test]
    fn people_under_any_name_are_contacts() {
        for kind in ["contact", "user", "lead"] {
            let body = format!(r#"{{"topic":"t","data":{{"item":{{"type":"{kind}","id":"5"}}}}}}"#);
            assert_eq!(entity(&describe(&INTERCOM, &[], body.as_bytes())), Some("intercom:contact:5"));
        }
        let note = br#"{"topic":"ticket.note.created","data":{"item":{"type":"ticket_note","ticket":{"id":"3"}}}}"#;
        assert_eq!(entity(&describe(&INTERCOM, &[], note)), Some("intercom:ticket:3"));
    }
}
