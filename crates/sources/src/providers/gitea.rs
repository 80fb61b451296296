//! Gitea, Forgejo and Gogs: one family; `X-Gitea-Event` and the body's `action` say what happened.

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type, reference};
use crate::facts::{Fact, commit, lines, names, short, text};
use crate::profile::{Id, Profile, Sample, sample};

/// Gitea's profile.
pub(crate) static GITEA: Profile = family("gitea");
/// Forgejo's profile.
pub(crate) static FORGEJO: Profile = family("forgejo");
/// Gogs' profile.
pub(crate) static GOGS: Profile = family("gogs");

/// Each sends its own headers; a fork also its parents', for receivers that know only those.
const EVENT_HEADERS: &[&str] = &["x-forgejo-event", "x-gitea-event", "x-gogs-event"];

const fn family(name: &'static str) -> Profile {
    Profile {
        name,
        auth: || Auth::scheme("gitea"),
        ids: &[Id::Header("x-forgejo-delivery"), Id::Header("x-gitea-delivery"), Id::Header("x-gogs-delivery")],
        event_type: |d| event_type(&[named(d).or_else(|| shaped(d)), d.scalar("action").as_deref()]),
        entity,
        fits: |d| match (named(d), shaped(d)) {
            // Reviews and comments have the shape of what they are on.
            (Some(named), Some(shaped)) => named.split('_').next() == shaped.split('_').next(),
            _ => true,
        },
        identity: &[
            "action",
            "ref",
            "ref_type",
            "number",
            "is_pull",
            "issue.number",
            "pull_request.number",
            "release.id",
            "repository.full_name",
        ],
        actor: &["sender.login", "sender.username", "pusher.login", "pusher.username"],
        facts: FACTS,
        event_types: EVENT_TYPES,
        credentials: &[
            "x-forgejo-signature",
            "x-gitea-signature",
            "x-gogs-signature",
            "x-hub-signature",
            "x-hub-signature-256",
        ],
        sample: issue,
        ..Profile::BLANK
    }
}

const FACTS: &[Fact] = &[
    short("repository", &["repository.full_name"]),
    short("organization", &["organization.username", "organization.login"]),
    short("action", &["action"]),
    short("number", &["pull_request.number", "issue.number", "number"]),
    short("title", &["pull_request.title", "issue.title", "release.name"]),
    short("state", &["pull_request.state", "issue.state"]),
    short("merged", &["pull_request.merged"]),
    short("author", &["pull_request.user.login", "issue.user.login", "release.author.login"]),
    short("sender", &["sender.login", "sender.username"]),
    short("assignee", &["pull_request.assignee.login", "issue.assignee.login"]),
    short("milestone", &["pull_request.milestone.title", "issue.milestone.title"]),
    short("base", &["pull_request.base.ref"]),
    short("head", &["pull_request.head.ref"]),
    short("ref", &["ref"]),
    short("ref type", &["ref_type"]),
    short("tag", &["release.tag_name"]),
    short("draft", &["release.draft"]),
    short("prerelease", &["release.prerelease"]),
    short("fork", &["forkee.full_name"]),
    short("commit", &["after", "sha"]),
    short("compare", &["compare_url"]),
    short("review", &["review.type"]),
    short("comment by", &["comment.user.login"]),
    short("url", &["comment.html_url", "pull_request.html_url", "issue.html_url", "release.html_url"]),
    names("labels", &["pull_request.labels", "issue.labels"], "name"),
    lines("commits", &["commits"], commit),
    text("review text", &["review.content"]),
    text("comment", &["comment.body"]),
    text("body", &["pull_request.body", "issue.body", "release.body"]),
];

const EVENT_TYPES: &[&str] = &[
    "create",
    "delete",
    "fork",
    "issue_comment.created",
    "issue_comment.deleted",
    "issue_comment.edited",
    "issues.assigned",
    "issues.closed",
    "issues.deleted",
    "issues.demilestoned",
    "issues.edited",
    "issues.label_cleared",
    "issues.label_updated",
    "issues.milestoned",
    "issues.opened",
    "issues.reopened",
    "issues.unassigned",
    "package.created",
    "package.deleted",
    "pull_request.assigned",
    "pull_request.closed",
    "pull_request.demilestoned",
    "pull_request.edited",
    "pull_request.label_cleared",
    "pull_request.label_updated",
    "pull_request.milestoned",
    "pull_request.opened",
    "pull_request.reopened",
    "pull_request.review_request_removed",
    "pull_request.review_requested",
    "pull_request.reviewed",
    "pull_request.synchronized",
    "pull_request.unassigned",
    "pull_request_approved.reviewed",
    "pull_request_comment.created",
    "pull_request_comment.deleted",
    "pull_request_comment.edited",
    "pull_request_comment.reviewed",
    "pull_request_rejected.reviewed",
    "push",
    "release.deleted",
    "release.published",
    "release.updated",
    "repository.created",
    "repository.deleted",
    "status",
    "wiki.created",
    "wiki.deleted",
    "wiki.edited",
    "workflow_job.completed",
    "workflow_job.in_progress",
    "workflow_job.queued",
    "workflow_job.waiting",
    "workflow_run.completed",
    "workflow_run.in_progress",
    "workflow_run.requested",
];

/// The event's name as a header gives it.
fn named<'a>(d: &Delivery<'a>) -> Option<&'a str> {
    EVENT_HEADERS.iter().find_map(|name| d.header(name))
}

/// The event's name as the body's shape gives it.
fn shaped(d: &Delivery<'_>) -> Option<&'static str> {
    Some(match () {
        () if d.has("issue") && is_pull(d) => "pull_request_comment",
        () if d.has("issue") && d.has("comment") => "issue_comment",
        () if d.has("issue") => "issues",
        () if d.has("pull_request") => "pull_request",
        () if d.has("release") => "release",
        () if d.has("forkee") => "fork",
        () if d.has("commits") => "push",
        () if d.has("pusher_type") => "delete",
        () if d.has("ref_type") && d.has("sha") => "create",
        () if d.has("action") && d.has("organization") => "repository",
        () => return None,
    })
}

fn is_pull(d: &Delivery<'_>) -> bool {
    d.scalar("is_pull").is_some_and(|is| is == "true") || d.has("issue.pull_request")
}

fn entity(d: &Delivery<'_>) -> Option<EntityKey> {
    const REPOSITORY: &str = "{repository.full_name}";
    if let Some(name) = d.scalar("ref").filter(|_| !d.has("pull_request") && !d.has("issue")) {
        let kind = d.scalar("ref_type");
        let reference = reference(&name).or_else(|| Some(format!("{}:{name}", kind?)));
        return Some(d.own(&format!("{}:{}", d.fill(REPOSITORY)?, reference?)));
    }
    d.entity(&[
        "{repository.full_name}:pr:{pull_request.number}",
        if is_pull(d) {
            "{repository.full_name}:pr:{issue.number}"
        } else {
            "{repository.full_name}:issue:{issue.number}"
        },
        // Gogs numbers pull requests beside them.
        if d.has("pull_request") {
            "{repository.full_name}:pr:{number}"
        } else {
            "{repository.full_name}:issue:{number}"
        },
        "{repository.full_name}:release:{release.id}",
        "{repository.full_name}:release:{release.tag_name}",
        REPOSITORY,
    ])
}

fn issue(seed: u64) -> Sample {
    let number = seed % 10_000 + 1;
    let user = json!({ "id": 7, "login": "rivers", "username": "rivers" });
    let id = format!("{seed:08x}-0000-4000-8000-{:012x}", seed & 0xffff_ffff_ffff);
    let headers =
        [("x-gitea-event", "issues"), ("x-gitea-delivery", &id), ("x-gogs-event", "issues"), ("x-gogs-delivery", &id)];
    let body = json!({
        "action": "opened", "number": number,
        "issue": {
            "id": 900 + seed, "number": number, "title": "The reader drops the last byte", "state": "open", "user": user,
            "body": "A chunk that ends on a page boundary comes back one byte short.", "labels": [{ "name": "bug" }],
            "html_url": format!("https://gitea.example.com/acme/widgets/issues/{number}"),
        },
        "repository": { "id": 1, "name": "widgets", "full_name": "acme/widgets", "private": true },
        "sender": user,
    });
    sample(&headers, body)
}

#[cfg(test)]
mod tests {
    use crate::BadBody;
    use crate::tests::{admitted, described};

    #[test]
    fn a_body_under_another_events_name_is_refused_and_a_missing_name_follows_from_the_shape() {
        let issue = r#"{"action":"opened","issue":{"number":7},"repository":{"full_name":"o/r"}}"#;
        assert!(
            admitted("gitea", &[("x-gitea-event", "issues"), ("x-gitea-delivery", "d")], issue).is_ok_and(|k| k == "d")
        );
        assert_eq!(admitted("gitea", &[("x-gitea-event", "push")], issue), Err(BadBody::EventMismatch));
        let event = described("forgejo", &[], issue);
        assert_eq!(event.event_type.unwrap(), "issues.opened");
        assert_eq!(event.entity.unwrap().as_str(), "forgejo:o/r:issue:7");
        let twice = r#"{"issue":{"number":7,"number":8},"repository":{"full_name":"o/r"}}"#;
        assert_eq!(admitted("gogs", &[], twice), Err(BadBody::DuplicateKey));
    }

    #[test]
    fn comments_on_pull_requests_and_moved_references_find_their_entity() {
        let on = |body: &str| described("gitea", &[], body).entity.unwrap().as_str().to_owned();
        let comment =
            r#"{"action":"created","is_pull":true,"issue":{"number":2},"comment":{},"repository":{"full_name":"o/r"}}"#;
        assert_eq!(on(comment), "gitea:o/r:pr:2");
        assert_eq!(
            on(r#"{"ref":"refs/heads/a/b","commits":[],"repository":{"full_name":"o/r"}}"#),
            "gitea:o/r:branch:a/b"
        );
        assert_eq!(
            on(r#"{"ref":"v1","ref_type":"tag","sha":"0","repository":{"full_name":"o/r"}}"#),
            "gitea:o/r:tag:v1"
        );
        assert_eq!(on(r#"{"action":"created","organization":{},"repository":{"full_name":"o/r"}}"#), "gitea:o/r");
    }
}
