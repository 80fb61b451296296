//! Linear: the body's `type` and `action` say what happened, `Linear-Delivery` which delivery it is.

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{Fact, names, raw, short, text};
use crate::profile::{Id, Profile, Sample, sample};
use crate::summary::TEXT;

/// The profile.
pub(crate) static LINEAR: Profile = Profile {
    name: "linear",
    auth: || Auth::scheme("linear_webhook_signature"),
    ids: &[Id::Header("linear-delivery")],
    event_type: |d| event_type(&[kind(d).as_deref(), d.scalar("action").as_deref()]),
    entity,
    fits: |d| match (kind(d), d.header("linear-event")) {
        (Some(body), Some(header)) => body.eq_ignore_ascii_case(header),
        _ => true,
    },
    identity: &["type", "action", "data.id", "data.issueId", "data.issue.id", "data.projectId", "data.project.id"],
    actor: &["actor.name", "actor.id"],
    facts: FACTS,
    event_types: EVENT_TYPES,
    credentials: &["linear-signature"],
    sample: issue,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short(
        "identifier",
        &["data.identifier", "data.issue.identifier", "issueData.identifier", "agentSession.issue.identifier"],
    ),
    short("title", &["data.title", "data.issue.title", "issueData.title", "data.name", "agentSession.issue.title"]),
    short("action", &["action"]),
    short("state", &["data.state.name", "data.state", "data.health"]),
    short("priority", &["data.priorityLabel", "data.priority"]),
    short("team", &["data.team.key", "data.issue.team.key"]),
    short("assignee", &["data.assignee.name"]),
    short("actor", &["actor.name"]),
    short("comment by", &["data.user.name"]),
    short("due", &["data.dueDate", "data.targetDate"]),
    short("url", &["url", "data.url"]),
    names("labels", &["data.labels"], "name"),
    raw("updated from", &["updatedFrom"], TEXT),
    text("comment", &["data.body", "agentSession.comment.body"]),
    text("description", &["data.description"]),
];

const EVENT_TYPES: &[&str] = &[
    "agentsessionevent.created",
    "agentsessionevent.prompted",
    "attachment.create",
    "attachment.remove",
    "attachment.update",
    "comment.create",
    "comment.remove",
    "comment.update",
    "customer.create",
    "customer.remove",
    "customer.update",
    "customerneed.create",
    "customerneed.remove",
    "customerneed.update",
    "cycle.create",
    "cycle.remove",
    "cycle.update",
    "document.create",
    "document.remove",
    "document.update",
    "initiative.create",
    "initiative.remove",
    "initiative.update",
    "initiativeupdate.create",
    "initiativeupdate.remove",
    "initiativeupdate.update",
    "issue.create",
    "issue.remove",
    "issue.update",
    "issuelabel.create",
    "issuelabel.remove",
    "issuelabel.update",
    "issuesla.breached",
    "issuesla.highrisk",
    "issuesla.set",
    "oauthapp.revoked",
    "project.create",
    "project.remove",
    "project.update",
    "projectupdate.create",
    "projectupdate.remove",
    "projectupdate.update",
    "reaction.create",
    "reaction.remove",
    "reaction.update",
    "user.create",
    "user.update",
];

/// `issue`, `projectupdate`, ...
fn kind(d: &Delivery<'_>) -> Option<String> {
    d.scalar("type").map(|kind| kind.to_ascii_lowercase())
}

/// The issue or project itself, else the one that a comment, attachment or update hangs on.
fn entity(d: &Delivery<'_>) -> Option<EntityKey> {
    match kind(d)?.as_str() {
        "issue" => d.entity(&["issue:{data.id}"]),
        "project" => d.entity(&["project:{data.id}"]),
        _ => d.entity(&[
            "issue:{data.issueId}",
            "issue:{data.issue.id}",
            "issue:{issueData.id}",
            "issue:{agentSession.issue.id}",
            "issue:{data.comment.issueId}",
            "project:{data.projectId}",
            "project:{data.project.id}",
        ]),
    }
}

fn issue(seed: u64) -> Sample {
    let number = seed % 10_000 + 1;
    let id = format!("{seed:08x}-0000-4000-8000-{:012x}", seed & 0xffff_ffff_ffff);
    let body = json!({
        "action": "create", "type": "Issue", "createdAt": "2026-11-02T09:30:00.000Z",
        "webhookTimestamp": 1_761_100_033_000_u64,
        "actor": { "id": "0f0e7db6-0000-4000-8000-000000000007", "type": "user", "name": "Rivers" },
        "data": {
            "id": id, "number": number, "identifier": format!("OPS-{number}"), "title": "The reader drops the last byte",
            "description": "A chunk that ends on a page boundary comes back one byte short.",
            "priority": 2, "priorityLabel": "High", "state": { "name": "Triage" }, "team": { "key": "OPS" },
            "labels": [{ "name": "bug" }], "url": format!("https://linear.example.com/acme/issue/OPS-{number}"),
        },
        "url": format!("https://linear.example.com/acme/issue/OPS-{number}"),
    });
    sample(&[("linear-event", "Issue"), ("linear-delivery", &id)], body)
}

#[cfg(test)]
mod tests {
    use crate::BadBody;
    use crate::tests::{admitted, described};

    #[test]
    fn what_hangs_on_an_issue_is_about_the_issue_and_the_header_must_agree() {
        let body = r#"{"type":"Attachment","action":"create","data":{"id":"a","issueId":"i"}}"#;
        assert_eq!(described("linear", &[], body).entity.unwrap().as_str(), "linear:issue:i");
        let named = |kind| admitted("linear", &[("linear-event", kind), ("linear-delivery", "d")], body);
        assert_eq!(named("Attachment").unwrap(), "d");
        assert_eq!(named("Issue"), Err(BadBody::EventMismatch));
    }
}
