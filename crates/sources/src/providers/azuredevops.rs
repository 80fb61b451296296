//! Azure DevOps service hooks: the body's `eventType` says what happened, its `id` which event it is.

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type, reference};
use crate::facts::{Fact, lines, names, short, text};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

/// The profile.
pub(crate) static AZUREDEVOPS: Profile = Profile {
    name: "azuredevops",
    auth: || Auth::Basic,
    ids: &[Id::Body("id")],
    event_type: |d| event_type(&[d.scalar("eventType").as_deref()]),
    entity,
    identity: &[
        "eventType",
        "resource.id",
        "resource.pullRequestId",
        "resource.pullRequest.pullRequestId",
        "resource.workItemId",
        "resource.repository.id",
        "resourceContainers.project.id",
    ],
    actor: &[
        "resource.comment.author.displayName",
        "resource.pushedBy.displayName",
        "resource.revisedBy.displayName",
        "resource.createdBy.displayName",
        "resource.requestedFor.displayName",
        "resource.lastChangedBy.displayName",
    ],
    facts: FACTS,
    event_types: EVENT_TYPES,
    sample: pull_request,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short(
        "project",
        &["resource.repository.project.name", "resource.project.name", "resource.fields.System.TeamProject"],
    ),
    short("repository", &["resource.repository.name", "resource.pullRequest.repository.name"]),
    short("number", &["resource.pullRequestId", "resource.pullRequest.pullRequestId", "resource.workItemId"]),
    short("title", &["resource.title", "resource.pullRequest.title"]),
    short("build", &["resource.buildNumber"]),
    short("definition", &["resource.definition.name", "resource.pipeline.name"]),
    short("status", &["resource.status", "resource.run.state"]),
    short("result", &["resource.result", "resource.run.result"]),
    short("reason", &["resource.reason"]),
    short("merge", &["resource.mergeStatus"]),
    short("author", &["resource.createdBy.displayName", "resource.pullRequest.createdBy.displayName"]),
    short("by", &["resource.comment.author.displayName", "resource.pushedBy.displayName"]),
    short("source branch", &["resource.sourceRefName", "resource.pullRequest.sourceRefName", "resource.sourceBranch"]),
    short("target branch", &["resource.targetRefName", "resource.pullRequest.targetRefName"]),
    short("branch", &["resource.refUpdates.0.name"]),
    short("url", &["resource._links.web.href", "resource.url"]),
    names("reviewers", &["resource.reviewers"], "displayName"),
    lines("commits", &["resource.commits"], |commit| {
        let part = |name| commit.get(name).and_then(Json::text).unwrap_or_default();
        let short: String = part("commitId").chars().take(8).collect();
        format!("{short} {}", part("comment").lines().next().unwrap_or_default()).into()
    }),
    text("comment", &["resource.comment.content"]),
    text("description", &["resource.description", "resource.pullRequest.description"]),
    text("message", &["detailedMessage.text", "message.text"]),
];

const EVENT_TYPES: &[&str] = &[
    "build.complete",
    "git.pullrequest.created",
    "git.pullrequest.merged",
    "git.pullrequest.updated",
    "git.push",
    "git.repo.created",
    "git.repo.deleted",
    "git.repo.forked",
    "git.repo.renamed",
    "git.repo.statuschanged",
    "ms.vss-code.git-pullrequest-comment-event",
    "ms.vss-pipelines.job-state-changed-event",
    "ms.vss-pipelines.run-state-changed-event",
    "ms.vss-pipelines.stage-state-changed-event",
    "ms.vss-release.deployment-approval-completed-event",
    "ms.vss-release.deployment-approval-pending-event",
    "ms.vss-release.deployment-completed-event",
    "ms.vss-release.deployment-started-event",
    "ms.vss-release.release-abandoned-event",
    "ms.vss-release.release-created-event",
    "tfvc.checkin",
    "workitem.commented",
    "workitem.created",
    "workitem.deleted",
    "workitem.restored",
    "workitem.updated",
];

fn entity(d: &Delivery<'_>) -> Option<EntityKey> {
    let kind = d.scalar("eventType")?;
    match kind.split('.').next()? {
        "workitem" => d.entity(&[
            "{resourceContainers.project.id}:workitem:{resource.workItemId}",
            "{resourceContainers.project.id}:workitem:{resource.id}",
        ]),
        "build" => d.entity(&["{resourceContainers.project.id}:build:{resource.id}"]),
        "git" if kind == "git.push" => pushed(d),
        _ => d.entity(&[
            "{resource.repository.id}:pr:{resource.pullRequestId}",
            "{resource.pullRequest.repository.id}:pr:{resource.pullRequest.pullRequestId}",
            "{resourceContainers.project.id}:run:{resource.run.id}",
            "{resourceContainers.project.id}:release:{resource.release.id}",
        ]),
    }
}

/// The branch or tag of a push, unless it moved several.
fn pushed(d: &Delivery<'_>) -> Option<EntityKey> {
    let repository = d.scalar("resource.repository.id")?;
    if d.has("resource.refUpdates.1") {
        return None;
    }
    Some(d.own(&format!("{repository}:{}", reference(&d.scalar("resource.refUpdates.0.name")?)?)))
}

fn pull_request(seed: u64) -> Sample {
    let number = seed % 10_000 + 1;
    let body = json!({
        "id": format!("{seed:08x}-0000-4000-8000-{:012x}", seed & 0xffff_ffff_ffff),
        "eventType": "git.pullrequest.created", "publisherId": "tfs",
        "message": { "text": "Rivers created a new pull request" },
        "resource": {
            "repository": { "id": "4bc14d40-0000-4000-8000-000000000001", "name": "widgets", "project": { "name": "acme" } },
            "pullRequestId": number, "status": "active", "title": "Keep the last byte of a chunk",
            "description": "The reader dropped the last byte when a chunk ended on a page boundary.",
            "createdBy": { "displayName": "Rivers" },
            "sourceRefName": "refs/heads/last-byte", "targetRefName": "refs/heads/main",
        },
        "resourceContainers": { "project": { "id": "be9b3917-0000-4000-8000-000000000002" } },
        "createdDate": "2026-11-02T09:30:00Z",
    });
    sample(&[], body)
}
