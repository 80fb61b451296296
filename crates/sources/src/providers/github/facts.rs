//! The summary of a GitHub delivery.

use crate::facts::{Fact, commit, lines, names, short, text};

/// Its facts, in reading order.
pub(super) const FACTS: &[Fact] = &[
    short("repository", &["repository.full_name"]),
    short("organization", &["organization.login"]),
    short("action", &["action"]),
    short("number", &["pull_request.number", "issue.number", "discussion.number", "alert.number", "milestone.number"]),
    short(
        "title",
        &[
            "pull_request.title",
            "issue.title",
            "discussion.title",
            "release.name",
            "milestone.title",
            "alert.rule.description",
            "alert.security_advisory.summary",
            "security_advisory.summary",
            "check_run.name",
            "workflow_job.name",
            "workflow_run.display_title",
            "workflow_run.name",
        ],
    ),
    short(
        "state",
        &[
            "pull_request.state",
            "issue.state",
            "discussion.state",
            "alert.state",
            "milestone.state",
            "deployment_status.state",
            "state",
        ],
    ),
    short("draft", &["pull_request.draft", "release.draft"]),
    short("merged", &["pull_request.merged"]),
    short("author", &["pull_request.user.login", "issue.user.login", "discussion.user.login", "release.author.login"]),
    short("sender", &["sender.login"]),
    short("label", &["label.name"]),
    short("assignee", &["assignee.login"]),
    short("requested reviewer", &["requested_reviewer.login"]),
    short("base", &["pull_request.base.ref"]),
    short("head", &["pull_request.head.ref"]),
    short("changed files", &["pull_request.changed_files"]),
    short("ref", &["ref"]),
    short("ref type", &["ref_type"]),
    short("forced", &["forced"]),
    short("deleted", &["deleted"]),
    short("tag", &["release.tag_name"]),
    short("prerelease", &["release.prerelease"]),
    short("environment", &["deployment.environment", "environment"]),
    short("status", &["check_run.status", "check_suite.status", "workflow_job.status", "workflow_run.status"]),
    short(
        "conclusion",
        &["check_run.conclusion", "check_suite.conclusion", "workflow_job.conclusion", "workflow_run.conclusion"],
    ),
    short("head branch", &["check_suite.head_branch", "workflow_job.head_branch", "workflow_run.head_branch"]),
    short(
        "commit",
        &[
            "check_run.head_sha",
            "check_suite.head_sha",
            "workflow_job.head_sha",
            "workflow_run.head_sha",
            "comment.commit_id",
            "sha",
            "after",
        ],
    ),
    short("severity", &["alert.rule.severity", "alert.security_advisory.severity", "security_advisory.severity"]),
    short("package", &["alert.dependency.package.name"]),
    short("context", &["context"]),
    short("description", &["description", "deployment_status.description"]),
    short("review state", &["review.state"]),
    short("comment by", &["comment.user.login"]),
    short("path", &["comment.path"]),
    short("line", &["comment.line"]),
    short("compare", &["compare"]),
    short(
        "url",
        &[
            "comment.html_url",
            "review.html_url",
            "pull_request.html_url",
            "issue.html_url",
            "discussion.html_url",
            "release.html_url",
            "check_run.html_url",
            "workflow_job.html_url",
            "workflow_run.html_url",
            "alert.html_url",
            "milestone.html_url",
            "forkee.html_url",
            "target_url",
        ],
    ),
    names("labels", &["pull_request.labels", "issue.labels"], "name"),
    lines("commits", &["commits"], commit),
    text("review", &["review.body"]),
    text("comment", &["comment.body"]),
    text("body", &["pull_request.body", "issue.body", "discussion.body", "release.body", "milestone.description"]),
];

#[cfg(test)]
mod tests {
    use super::super::payload::MEMBERS;
    use super::*;

    #[test]
    fn the_table_reads_only_known_members() {
        for path in FACTS.iter().flat_map(|fact| fact.places()) {
            assert!(MEMBERS.contains(&path.split('.').next().unwrap()), "{path}");
        }
    }
}
