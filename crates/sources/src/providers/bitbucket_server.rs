//! Bitbucket Data Center: the body's `eventKey` says what happened, `X-Request-Id` which delivery it is.

use std::borrow::Cow;

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{Fact, lines, names, short, text};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

/// The profile.
pub(crate) static BITBUCKET_SERVER: Profile = Profile {
    name: "bitbucket-server",
    auth: || Auth::scheme("bitbucket"),
    ids: &[Id::Header("x-request-id")],
    // A connection test has no key in its body.
    event_type: |d| event_type(&[d.scalar("eventKey").as_deref().or(d.header("x-event-key"))]),
    entity,
    fits: |d| match (d.scalar("eventKey"), d.header("x-event-key")) {
        (Some(body), Some(header)) => body == header,
        _ => true,
    },
    identity: &["eventKey", "pullRequest.id", "pullRequest.toRef.repository.slug", "repository.slug", "commit"],
    actor: &["actor.name", "actor.slug", "actor.displayName"],
    facts: FACTS,
    event_types: EVENT_TYPES,
    handshakes: &["diagnostics:ping"],
    credentials: &["x-hub-signature"],
    sample: pull_request,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short("project", &["pullRequest.toRef.repository.project.key", "repository.project.key", "new.project.key"]),
    short("repository", &["pullRequest.toRef.repository.slug", "repository.slug", "new.slug"]),
    short("former name", &["old.slug"]),
    short("forked from", &["repository.origin.slug"]),
    short("number", &["pullRequest.id"]),
    short("title", &["pullRequest.title"]),
    short("former title", &["previousTitle"]),
    short("state", &["pullRequest.state"]),
    short("author", &["pullRequest.author.user.name"]),
    short("actor", &["actor.name", "actor.displayName"]),
    short("reviewer", &["participant.user.name"]),
    short("review", &["participant.status"]),
    short("source branch", &["pullRequest.fromRef.displayId"]),
    short("target branch", &["pullRequest.toRef.displayId"]),
    short("commit", &["commit", "pullRequest.fromRef.latestCommit"]),
    short("url", &["pullRequest.links.self.0.href", "repository.links.self.0.href"]),
    names("reviewers", &["pullRequest.reviewers"], "user.name"),
    names("added reviewers", &["addedReviewers"], "name"),
    names("removed reviewers", &["removedReviewers"], "name"),
    lines("changes", &["changes"], change),
    text("comment", &["comment.text"]),
    text("former comment", &["previousComment"]),
    text("description", &["pullRequest.description"]),
];

const EVENT_TYPES: &[&str] = &[
    "diagnostics:ping",
    "mirror:repo_synchronized",
    "pr:comment:added",
    "pr:comment:deleted",
    "pr:comment:edited",
    "pr:declined",
    "pr:deleted",
    "pr:from_ref_updated",
    "pr:merged",
    "pr:modified",
    "pr:opened",
    "pr:reviewer:approved",
    "pr:reviewer:needs_work",
    "pr:reviewer:unapproved",
    "pr:reviewer:updated",
    "repo:comment:added",
    "repo:comment:deleted",
    "repo:comment:edited",
    "repo:forked",
    "repo:modified",
    "repo:refs_changed",
];

/// A change of refs may move many of them, so it is about none.
fn entity(d: &Delivery<'_>) -> Option<EntityKey> {
    d.entity(&[
        "{pullRequest.toRef.repository.project.key}/{pullRequest.toRef.repository.slug}:pr:{pullRequest.id}",
        "{repository.project.key}/{repository.slug}:commit:{commit}",
    ])
}

/// `DELETE refs/heads/old`.
fn change(change: Json<'_>) -> Cow<'_, str> {
    let part = |name| change.get(name).and_then(Json::text).unwrap_or_default();
    format!("{} {}", part("type"), part("refId")).into()
}

fn pull_request(seed: u64) -> Sample {
    let user = json!({ "name": "rivers", "displayName": "Rivers", "slug": "rivers", "type": "NORMAL" });
    let repository = json!({ "slug": "widgets", "id": 4, "name": "widgets", "project": { "key": "ACME", "id": 2 } });
    let headers = [("x-event-key", "pr:opened"), ("x-request-id", &format!("{seed:016x}"))];
    let body = json!({
        "eventKey": "pr:opened", "date": "2026-11-02T09:30:00+0000", "actor": user,
        "pullRequest": {
            "id": seed % 10_000 + 1, "title": "Keep the last byte of a chunk", "state": "OPEN",
            "description": "The reader dropped the last byte when a chunk ended on a page boundary.",
            "fromRef": { "id": "refs/heads/last-byte", "displayId": "last-byte", "repository": repository },
            "toRef": { "id": "refs/heads/main", "displayId": "main", "repository": repository },
            "author": { "user": user, "role": "AUTHOR" }, "reviewers": [],
        },
    });
    sample(&headers, body)
}
