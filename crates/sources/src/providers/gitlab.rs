//! GitLab, project, group and system hooks: the body says what happened; `Idempotency-Key` which delivery it is.

use std::borrow::Cow;

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type, reference};
use crate::facts::{Fact, commit, lines, names, short, text};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

/// The profile.
pub(crate) static GITLAB: Profile = Profile {
    name: "gitlab",
    auth: || Auth::scheme("gitlab_token"),
    // `X-Gitlab-Event-UUID` is shared by all hooks that one event fires, so it is no delivery's id.
    ids: &[Id::Header("idempotency-key"), Id::Header("webhook-id")],
    event_type: what,
    entity,
    identity: &[
        "object_kind",
        "event_name",
        "action",
        "ref",
        "object_attributes.iid",
        "object_attributes.id",
        "object_attributes.action",
        "object_attributes.noteable_type",
        "project.path_with_namespace",
    ],
    actor: &["user.username", "user_username", "user_name", "user.name", "username"],
    facts: FACTS,
    event_types: EVENT_TYPES,
    credentials: &["x-gitlab-token"],
    sample: merge_request,
    ..Profile::BLANK
};

/// Where a note says what it is on.
const NOTES: &[(&str, &[&str])] = &[
    ("Issue", &["issue:{issue.iid}"]),
    ("MergeRequest", &["mr:{merge_request.iid}"]),
    ("Commit", &["commit:{commit.id}", "commit:{object_attributes.commit_id}"]),
    ("Snippet", &["snippet:{snippet.id}"]),
];

/// What the other kinds are about.
const THINGS: &[(&str, &[&str])] = &[
    ("merge_request", &["mr:{object_attributes.iid}"]),
    ("issue", &["issue:{object_attributes.iid}"]),
    ("work_item", &["issue:{object_attributes.iid}"]),
    ("pipeline", &["pipeline:{object_attributes.id}"]),
    ("job", &["pipeline:{pipeline_id}"]),
    ("release", &["release:{tag}"]),
    ("deployment", &["deployment:{deployment_id}"]),
    ("emoji", &["mr:{merge_request.iid}", "issue:{issue.iid}"]),
];

const FACTS: &[Fact] = &[
    short("project", &["project.path_with_namespace", "path_with_namespace", "project_name", "group.group_path"]),
    short("group", &["group_path", "full_path"]),
    short("action", &["object_attributes.action", "action"]),
    short("number", &["object_attributes.iid", "merge_request.iid", "issue.iid"]),
    short("title", &["object_attributes.title", "merge_request.title", "issue.title", "snippet.title", "commit_title"]),
    short("name", &["build_name", "object_attributes.name", "name"]),
    short("state", &["object_attributes.state", "merge_request.state", "issue.state", "state"]),
    short("status", &["build_status", "object_attributes.status", "status"]),
    short("stage", &["build_stage"]),
    short("failure", &["build_failure_reason"]),
    short("source branch", &["object_attributes.source_branch", "merge_request.source_branch"]),
    short("target branch", &["object_attributes.target_branch", "merge_request.target_branch"]),
    short("draft", &["object_attributes.draft", "object_attributes.work_in_progress"]),
    short("ref", &["ref", "object_attributes.ref", "tag"]),
    short("commit", &["checkout_sha", "object_attributes.commit_id", "object_attributes.sha", "sha"]),
    short("environment", &["environment.name", "environment"]),
    short("user", &["user.username", "user_username", "user_name", "user.name", "username"]),
    short("access", &["group_access", "access_level", "project_access"]),
    short("on", &["object_attributes.noteable_type"]),
    short("path", &["object_attributes.position.new_path", "object_attributes.st_diff.new_path"]),
    short("line", &["object_attributes.position.new_line"]),
    short("url", &["object_attributes.url", "url", "deployable_url"]),
    names("labels", &["labels", "object_attributes.labels"], "title"),
    names("assignees", &["assignees"], "username"),
    names("reviewers", &["reviewers"], "username"),
    lines("commits", &["commits"], commit),
    lines("failed jobs", &["builds"], failed),
    text("note", &["object_attributes.note"]),
    text("description", &["object_attributes.description", "description", "merge_request.description"]),
];

const EVENT_TYPES: &[&str] = &[
    "access_token",
    "deployment.canceled",
    "deployment.created",
    "deployment.failed",
    "deployment.running",
    "deployment.success",
    "emoji.award",
    "emoji.revoke",
    "feature_flag",
    "group_create",
    "group_destroy",
    "group_rename",
    "issue.close",
    "issue.open",
    "issue.reopen",
    "issue.update",
    "job.canceled",
    "job.created",
    "job.failed",
    "job.pending",
    "job.running",
    "job.success",
    "key_create",
    "key_destroy",
    "merge_request.approval",
    "merge_request.approved",
    "merge_request.close",
    "merge_request.merge",
    "merge_request.open",
    "merge_request.reopen",
    "merge_request.unapproval",
    "merge_request.unapproved",
    "merge_request.update",
    "note.commit",
    "note.issue",
    "note.mergerequest",
    "note.snippet",
    "pipeline.canceled",
    "pipeline.created",
    "pipeline.failed",
    "pipeline.pending",
    "pipeline.running",
    "pipeline.skipped",
    "pipeline.success",
    "project_create",
    "project_destroy",
    "project_rename",
    "project_transfer",
    "project_update",
    "push",
    "release.create",
    "release.delete",
    "release.update",
    "repository_update",
    "subgroup_create",
    "subgroup_destroy",
    "tag_push",
    "user_add_to_group",
    "user_add_to_team",
    "user_create",
    "user_destroy",
    "user_failed_login",
    "user_remove_from_group",
    "user_remove_from_team",
    "user_rename",
    "user_update_for_group",
    "user_update_for_team",
    "wiki_page.create",
    "wiki_page.delete",
    "wiki_page.update",
];

/// `merge_request`, `push`, ... A job's hook is called build in its body.
fn kind<'a>(d: &Delivery<'a>) -> Option<Cow<'a, str>> {
    d.first(&["object_kind", "event_name"]).map(|kind| if kind == "build" { "job".into() } else { kind })
}

fn what(d: &Delivery<'_>) -> Option<String> {
    let kind = kind(d)?;
    let action = match &*kind {
        "note" => d.scalar("object_attributes.noteable_type").map(|on| on.to_ascii_lowercase().into()),
        "job" => d.scalar("build_status"),
        "pipeline" => d.scalar("object_attributes.status"),
        "deployment" => d.scalar("status"),
        _ => d.first(&["object_attributes.action", "action"]),
    };
    event_type(&[Some(&kind), action.as_deref()])
}

fn entity(d: &Delivery<'_>) -> Option<EntityKey> {
    let project = project(d)?;
    let kind = kind(d)?;
    let fill = |table: &[(&str, &[&str])], name: &str| {
        let (_, templates) = table.iter().find(|(known, _)| *known == name)?;
        templates.iter().find_map(|template| d.fill(template))
    };
    let thing = match &*kind {
        "push" | "tag_push" => reference(&d.scalar("ref")?),
        "note" => fill(NOTES, &d.scalar("object_attributes.noteable_type")?),
        kind => fill(THINGS, kind),
    };
    Some(d.own(&format!("{project}:{}", thing?)))
}

/// `group/project`. A job names its project for people only; there the path of its address says it.
fn project<'a>(d: &Delivery<'a>) -> Option<Cow<'a, str>> {
    d.scalar("project.path_with_namespace").or_else(|| {
        let address = d.scalar("repository.homepage")?;
        let (_, path) = address.split_once("://")?.1.split_once('/')?;
        (!path.is_empty()).then(|| path.to_owned().into())
    })
}

/// `test: rspec`, for a job that failed.
fn failed(job: Json<'_>) -> Cow<'_, str> {
    let part = |name| job.get(name).and_then(Json::text).unwrap_or_default();
    if part("status") == "failed" { format!("{}: {}", part("stage"), part("name")).into() } else { "".into() }
}

fn merge_request(seed: u64) -> Sample {
    let number = seed % 10_000 + 1;
    let headers = [("x-gitlab-event", "Merge Request Hook"), ("idempotency-key", &format!("{seed:016x}"))];
    let body = json!({
        "object_kind": "merge_request", "event_type": "merge_request",
        "user": { "id": 7, "name": "Rivers", "username": "rivers" },
        "project": { "id": 1, "name": "widgets", "path_with_namespace": "acme/widgets", "default_branch": "main" },
        "object_attributes": {
            "id": 9_000 + seed, "iid": number, "title": "Keep the last byte of a chunk", "state": "opened",
            "description": "The reader dropped the last byte when a chunk ended on a page boundary.",
            "source_branch": "last-byte", "target_branch": "main", "draft": false, "action": "open",
            "url": format!("https://gitlab.example.com/acme/widgets/-/merge_requests/{number}"),
        },
        "labels": [{ "id": 3, "title": "bug" }],
    });
    sample(&headers, body)
}
