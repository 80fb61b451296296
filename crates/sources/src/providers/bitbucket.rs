//! Bitbucket Cloud: `X-Event-Key` says what happened, `X-Request-UUID` which delivery it is.

use std::borrow::Cow;

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{Fact, commit, lines, names, short, text};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

/// The profile.
pub(crate) static BITBUCKET: Profile = Profile {
    name: "bitbucket",
    auth: || Auth::scheme("bitbucket"),
    ids: &[Id::Header("x-request-uuid")],
    event_type: |d| event_type(&[d.header("x-event-key")]),
    entity,
    fits,
    identity: &["repository.full_name", "pullrequest.id", "issue.id"],
    actor: &["actor.nickname", "actor.display_name", "actor.account_id"],
    facts: FACTS,
    event_types: EVENT_TYPES,
    credentials: &["x-hub-signature"],
    sample: pull_request,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short("repository", &["repository.full_name"]),
    short("number", &["pullrequest.id", "issue.id"]),
    short("title", &["pullrequest.title", "issue.title", "commit_status.name"]),
    short("state", &["pullrequest.state", "issue.state", "commit_status.state"]),
    short("kind", &["issue.type"]),
    short("priority", &["issue.priority"]),
    short("author", &["pullrequest.author.nickname", "pullrequest.author.display_name", "issue.reporter.nickname"]),
    short("actor", &["actor.nickname", "actor.display_name"]),
    short("source branch", &["pullrequest.source.branch.name"]),
    short("target branch", &["pullrequest.destination.branch.name"]),
    short("reason", &["pullrequest.reason"]),
    short("branch", &["push.changes.0.new.name", "push.changes.0.old.name"]),
    short("forced", &["push.changes.0.forced"]),
    short("fork", &["fork.full_name"]),
    short("path", &["comment.inline.path"]),
    short("line", &["comment.inline.to"]),
    short(
        "url",
        &["comment.links.html.href", "pullrequest.links.html.href", "issue.links.html.href", "commit_status.url"],
    ),
    names("reviewers", &["pullrequest.reviewers"], "nickname"),
    lines("changes", &["push.changes"], change),
    lines("commits", &["push.changes.0.commits"], commit),
    text("comment", &["comment.content.raw"]),
    text("description", &["pullrequest.description", "issue.content.raw", "commit_status.description"]),
];

const EVENT_TYPES: &[&str] = &[
    "issue:comment_created",
    "issue:created",
    "issue:updated",
    "pullrequest:approved",
    "pullrequest:changes_request_created",
    "pullrequest:changes_request_removed",
    "pullrequest:comment_created",
    "pullrequest:comment_deleted",
    "pullrequest:comment_reopened",
    "pullrequest:comment_resolved",
    "pullrequest:comment_updated",
    "pullrequest:created",
    "pullrequest:fulfilled",
    "pullrequest:rejected",
    "pullrequest:unapproved",
    "pullrequest:updated",
    "repo:commit_comment_created",
    "repo:commit_status_created",
    "repo:commit_status_updated",
    "repo:deleted",
    "repo:fork",
    "repo:imported",
    "repo:push",
    "repo:transfer",
    "repo:updated",
];

/// A push may move many branches, so it is about none of them.
fn entity(d: &Delivery<'_>) -> Option<EntityKey> {
    d.entity(&["{repository.full_name}:pr:{pullrequest.id}", "{repository.full_name}:issue:{issue.id}"])
}

/// The signature does not cover the header: what it names has to be in the body.
fn fits(d: &Delivery<'_>) -> bool {
    match d.header("x-event-key").unwrap_or_default().split_once(':') {
        Some(("pullrequest", _)) => d.has("pullrequest"),
        Some(("issue", _)) => d.has("issue") && !d.has("pullrequest"),
        Some(("repo", "push")) => d.has("push"),
        Some(("repo", _)) => !d.has("pullrequest") && !d.has("issue") && !d.has("push"),
        _ => true,
    }
}

/// `branch main`, for one that was moved, made or deleted.
fn change(change: Json<'_>) -> Cow<'_, str> {
    let (side, verb) = if change.path("new.name").is_some() { ("new", "") } else { ("old", " deleted") };
    let part = |name| change.get(side).and_then(|r| r.get(name)).and_then(Json::text).unwrap_or_default();
    format!("{} {}{verb}", part("type"), part("name")).into()
}

fn pull_request(seed: u64) -> Sample {
    let number = seed % 10_000 + 1;
    let user = json!({ "nickname": "rivers", "display_name": "Rivers", "account_id": "557058:01" });
    let headers = [("x-event-key", "pullrequest:created"), ("x-request-uuid", &format!("{seed:016x}"))];
    let body = json!({
        "actor": user,
        "repository": { "full_name": "acme/widgets", "name": "widgets", "is_private": true },
        "pullrequest": {
            "id": number, "title": "Keep the last byte of a chunk", "state": "OPEN", "author": user,
            "description": "The reader dropped the last byte when a chunk ended on a page boundary.",
            "source": { "branch": { "name": "last-byte" } }, "destination": { "branch": { "name": "main" } },
            "links": { "html": { "href": format!("https://bitbucket.example.com/acme/widgets/pull-requests/{number}") } },
        },
    });
    sample(&headers, body)
}

#[cfg(test)]
mod tests {
    use crate::BadBody;
    use crate::tests::{admitted, described};

    #[test]
    fn what_the_header_names_has_to_be_in_the_body() {
        let body = r#"{"repository":{"full_name":"o/r"},"pullrequest":{"id":3}}"#;
        let sent = |key| admitted("bitbucket", &[("x-event-key", key), ("x-request-uuid", "u")], body);
        assert_eq!(sent("pullrequest:created").unwrap(), "u");
        for other in ["repo:push", "issue:created", "repo:fork"] {
            assert_eq!(sent(other), Err(BadBody::EventMismatch), "{other}");
        }
        assert!(described("bitbucket", &[("x-event-key", "repo:push")], body).event_type.is_some());
        let twice = r#"{"repository":{"full_name":"o/r"},"pullrequest":{"id":3,"id":4}}"#;
        assert_eq!(admitted("bitbucket", &[("x-event-key", "pullrequest:created")], twice), Err(BadBody::DuplicateKey));
        assert_eq!(admitted("bitbucket", &[], "[]"), Err(BadBody::UnexpectedShape));
    }

    #[test]
    fn a_connection_test_of_the_server_is_a_handshake() {
        let source = crate::source("bitbucket-server").unwrap();
        let event = described("bitbucket-server", &[("x-event-key", "diagnostics:ping")], r#"{"test":true}"#);
        assert!(source.is_handshake(&event));
        assert!(!source.is_handshake(&described("bitbucket-server", &[], r#"{"eventKey":"pr:opened"}"#)));
    }
}
