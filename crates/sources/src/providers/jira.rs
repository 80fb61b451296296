//! Jira: the body's `webhookEvent` says what happened, `X-Atlassian-Webhook-Identifier` which delivery it is.

use std::borrow::Cow;

use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::event_type;
use crate::facts::{Fact, lines, names, raw, short, text};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};
use crate::summary::TEXT;

/// The profile.
pub(crate) static JIRA: Profile = Profile {
    name: "jira",
    auth: || Auth::scheme("jira"),
    ids: &[Id::Header("x-atlassian-webhook-identifier")],
    event_type: |d| event_type(&[d.scalar("webhookEvent").as_deref()]),
    entity: |d| {
        d.entity(&[
            "issue:{issue.id}",
            "issue:{worklog.issueId}",
            "version:{version.id}",
            "sprint:{sprint.id}",
            "board:{board.id}",
            "project:{project.id}",
        ])
    },
    identity: &["webhookEvent", "issue.id", "worklog.issueId", "version.id", "sprint.id", "board.id", "project.id"],
    actor: &[
        "user.displayName",
        "comment.updateAuthor.displayName",
        "comment.author.displayName",
        "worklog.updateAuthor.displayName",
        "user.accountId",
    ],
    facts: FACTS,
    event_types: EVENT_TYPES,
    credentials: &["x-hub-signature"],
    sample: issue,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short("key", &["issue.key"]),
    short("summary", &["issue.fields.summary"]),
    short("project", &["issue.fields.project.key", "project.key"]),
    short("kind", &["issue.fields.issuetype.name"]),
    short("status", &["issue.fields.status.name"]),
    short("priority", &["issue.fields.priority.name"]),
    short("assignee", &["issue.fields.assignee.displayName"]),
    short("reporter", &["issue.fields.reporter.displayName"]),
    short("user", &["user.displayName", "comment.author.displayName"]),
    short("change", &["issue_event_type_name", "eventType"]),
    short("name", &["version.name", "sprint.name", "board.name", "project.name"]),
    short("state", &["sprint.state"]),
    short("time spent", &["worklog.timeSpent"]),
    short("url", &["issue.self"]),
    names("labels", &["issue.fields.labels"], ""),
    lines("changelog", &["changelog.items"], change),
    text("comment", &["comment.body"]),
    // Rich text comes as a document.
    raw("comment document", &["comment.body.content"], TEXT),
    text("description", &["issue.fields.description"]),
    raw("description document", &["issue.fields.description.content"], TEXT),
];

const EVENT_TYPES: &[&str] = &[
    "attachment_created",
    "attachment_deleted",
    "board_created",
    "board_deleted",
    "board_updated",
    "comment_created",
    "comment_deleted",
    "comment_updated",
    "issuelink_created",
    "issuelink_deleted",
    "jira:issue_created",
    "jira:issue_deleted",
    "jira:issue_updated",
    "jira:version_created",
    "jira:version_deleted",
    "jira:version_released",
    "jira:version_unreleased",
    "jira:version_updated",
    "jira:worklog_updated",
    "project_created",
    "project_deleted",
    "project_updated",
    "sprint_closed",
    "sprint_created",
    "sprint_deleted",
    "sprint_started",
    "sprint_updated",
    "user_created",
    "user_deleted",
    "user_updated",
    "worklog_created",
    "worklog_deleted",
    "worklog_updated",
];

/// `status: To Do → Done`.
fn change(item: Json<'_>) -> Cow<'_, str> {
    let part = |name| item.get(name).and_then(Json::scalar).filter(|text| !text.is_empty());
    let side = |name| part(name).unwrap_or("none".into());
    format!("{}: {} → {}", part("field").unwrap_or_default(), side("fromString"), side("toString")).into()
}

fn issue(seed: u64) -> Sample {
    let number = seed % 10_000 + 1;
    let headers = [("x-atlassian-webhook-identifier", format!("{seed:016x}"))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let body = json!({
        "timestamp": 1_761_100_000_000_u64 + seed, "webhookEvent": "jira:issue_created",
        "issue_event_type_name": "issue_created", "user": { "accountId": "557058:01", "displayName": "Rivers" },
        "issue": {
            "id": (10_000 + number).to_string(), "key": format!("OPS-{number}"),
            "self": format!("https://acme.example.com/rest/api/2/issue/{}", 10_000 + number),
            "fields": {
                "summary": "The reader drops the last byte", "status": { "name": "To Do" }, "labels": ["bug"],
                "description": "A chunk that ends on a page boundary comes back one byte short.",
                "issuetype": { "name": "Bug" }, "project": { "key": "OPS" }, "priority": { "name": "High" },
            },
        },
    });
    sample(&headers, body)
}
