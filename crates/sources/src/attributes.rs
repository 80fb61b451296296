//! Trigger fields: which a source has, and where its bodies keep them. One table a source, nothing but data.

use hookwheel_core::filter::TriggerField::{self, *};

/// One field of a source: where it is, how it is written there, and what its absence means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub field: TriggerField,
    /// Tried in order, the first that has anything counts: `header:<name>`, or names of a body joined by dots, looking
    /// through every list on the way.
    pub places: &'static [&'static str],
    pub written: Written,
    pub absent: Absent,
}

/// How a value is written at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// As it is wanted.
    Plain,
    /// A branch, maybe behind `refs/heads/`. A tag keeps its `refs/tags/`.
    Branch,
    /// A repository behind its owner and a `/`.
    Owner,
    /// Only where a member has one of these values; elsewhere the field does not apply.
    Where(&'static str, &'static [&'static str]),
}

/// What it means when the event has no such value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// A filter on the field stops it.
    Stops,
    /// A filter on the field is not about it.
    Passes,
    /// The source means this value.
    Means(&'static str),
}

/// A text that an event brings into the world, and the actions that bring it, unless all do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewText {
    pub place: &'static str,
    pub action: Option<(&'static str, &'static [&'static str])>,
}

const fn row(field: TriggerField, places: &'static [&'static str]) -> Row {
    Row { field, places, written: Written::Plain, absent: Absent::Stops }
}

const fn optional(field: TriggerField, places: &'static [&'static str]) -> Row {
    Row { absent: Absent::Passes, ..row(field, places) }
}

const fn branches(places: &'static [&'static str]) -> Row {
    Row { written: Written::Branch, ..optional(Branches, places) }
}

const fn orgs(places: &'static [&'static str]) -> Row {
    Row { written: Written::Owner, ..row(Orgs, places) }
}

const fn text(place: &'static str) -> NewText {
    NewText { place, action: None }
}

const fn text_when(place: &'static str, at: &'static str, one_of: &'static [&'static str]) -> NewText {
    NewText { place, action: Some((at, one_of)) }
}

/// The fields of a source; none for a source that is not in the table.
pub(crate) fn rows(source: &str) -> &'static [Row] {
    match source {
        "github" | "gitea" | "gogs" | "forgejo" => FORGE,
        "gitlab" => GITLAB,
        "linear" => LINEAR,
        "sentry" => SENTRY,
        "slack" => SLACK,
        "discord" => DISCORD,
        "mintlify" => MINTLIFY,
        "stripe" => STRIPE,
        "pagerduty" => PAGERDUTY,
        "x" => X,
        "generic" | "custom" => GENERIC,
        _ => &[],
    }
}

/// Where a source's events bring new text, in the order it is looked for.
pub(crate) fn new_texts(source: &str) -> &'static [NewText] {
    match source {
        "github" | "gitea" | "gogs" | "forgejo" => FORGE_TEXTS,
        "gitlab" => GITLAB_TEXTS,
        "linear" => LINEAR_TEXTS,
        "sentry" => SENTRY_TEXTS,
        "slack" => SLACK_TEXTS,
        "discord" => DISCORD_TEXTS,
        "pagerduty" => PAGERDUTY_TEXTS,
        "bitbucket" => BITBUCKET_TEXTS,
        _ => OTHER_TEXTS,
    }
}

/// The names are GitHub's; Gitea and its kin write them alike.
const FORGE: &[Row] = &[
    row(Repos, &["repository.full_name"]),
    orgs(&["repository.full_name", "organization.login"]),
    row(Actions, &["action"]),
    row(Labels, &["issue.labels.name", "pull_request.labels.name", "discussion.labels.name"]),
    row(Assignee, &["issue.assignee.login", "pull_request.assignee.login"]),
    row(
        Author,
        &[
            "pull_request.user.login",
            "issue.user.login",
            "discussion.user.login",
            "release.author.login",
            "head_commit.author.username",
        ],
    ),
    branches(&[
        "pull_request.head.ref",
        "workflow_run.head_branch",
        "workflow_job.head_branch",
        "check_suite.head_branch",
        "check_run.check_suite.head_branch",
        "ref",
    ]),
    optional(
        Conclusions,
        &["workflow_run.conclusion", "workflow_job.conclusion", "check_suite.conclusion", "check_run.conclusion"],
    ),
];

const FORGE_TEXTS: &[NewText] = &[
    text("comment.body"),
    text("review.body"),
    text_when("issue.body", "action", &["opened", "edited"]),
    text_when("pull_request.body", "action", &["opened", "edited"]),
    text_when("discussion.body", "action", &["created", "edited"]),
    text_when("release.body", "action", &["created", "published", "released", "edited"]),
];

/// GitLab names the author of an issue or a merge request by number.
const GITLAB: &[Row] = &[
    row(Repos, &["project.path_with_namespace"]),
    orgs(&["project.path_with_namespace"]),
    row(Projects, &["project.path_with_namespace"]),
    row(Actions, &["object_attributes.action"]),
    row(
        Labels,
        &["labels.title", "object_attributes.labels.title", "merge_request.labels.title", "issue.labels.title"],
    ),
    row(Assignee, &["assignees.username", "assignee.username", "merge_request.assignee.username"]),
    row(Author, &["merge_request.author_id", "issue.author_id", "object_attributes.author_id"]),
    branches(&["object_attributes.source_branch", "merge_request.source_branch", "object_attributes.ref", "ref"]),
    optional(Conclusions, &["object_attributes.status", "build_status"]),
];

const GITLAB_TEXTS: &[NewText] = &[
    text("object_attributes.note"),
    text_when("object_attributes.description", "object_attributes.action", &["open", "update"]),
];

/// People are known by their e-mail addresses.
const LINEAR: &[Row] = &[
    row(Actions, &["action"]),
    row(Organizations, &["organizationId"]),
    row(Labels, &["data.labels.name"]),
    row(Assignee, &["data.assignee.email"]),
    row(Author, &["data.creator.email", "data.user.email"]),
    row(Projects, &["data.project.name"]),
];

const LINEAR_TEXTS: &[NewText] = &[text("data.body"), text_when("data.description", "action", &["create", "update"])];

const SENTRY: &[Row] = &[
    row(Resources, &["header:sentry-hook-resource"]),
    row(Actions, &["action"]),
    row(Projects, &["data.issue.project.slug", "data.project_slug", "data.metric_alert.projects"]),
];

/// A reaction names its message's channel elsewhere: it is not in a channel, it is about a message.
const SLACK: &[Row] = &[row(Channels, &["event.channel"]), row(Organizations, &["team_id", "team.id"])];

const DISCORD: &[Row] = &[
    row(Guilds, &["guild_id"]),
    optional(Channels, &["channel_id"]),
    // Interactions of type 2 give a command, those of type 4 are on the way to one.
    Row { written: Written::Where("type", &["2", "4"]), ..row(Commands, &["data.name"]) },
];

const MINTLIFY: &[Row] = &[
    row(Projects, &["project", "organization"]),
    row(Repos, &["project", "organization"]),
    row(Actions, &["action"]),
    Row { absent: Absent::Means("main"), ..branches(&["branch"]) },
];

const STRIPE: &[Row] = &[row(Resources, &["data.object.object"]), row(Organizations, &["account"])];

const PAGERDUTY: &[Row] = &[
    row(Resources, &["event.resource_type"]),
    row(Projects, &["event.data.service.id", "event.data.service.summary"]),
];

const X: &[Row] = &[row(Repos, &["for_user_id"])];

const GENERIC: &[Row] = &[
    row(Repos, &["repository.full_name", "repository", "repo"]),
    row(Actions, &["action"]),
    row(Labels, &["labels.name", "labels"]),
    branches(&["branch", "ref"]),
];

const SENTRY_TEXTS: &[NewText] = &[text("data.comment")];

const SLACK_TEXTS: &[NewText] = &[text("event.text"), text("event.message.text")];

const DISCORD_TEXTS: &[NewText] = &[text("event.data.content"), text("content")];

const PAGERDUTY_TEXTS: &[NewText] = &[text("event.data.content")];

const BITBUCKET_TEXTS: &[NewText] =
    &[text("comment.content.raw"), text("pullrequest.description"), text("issue.content.raw")];

const OTHER_TEXTS: &[NewText] = &[
    text("comment.body"),
    text("comment.text"),
    text("comment"),
    text("body"),
    text("text"),
    text("message"),
    text("description"),
];
