//! The summary of a GitHub delivery: a table of facts and the places they may be in, first found first taken.

use hookwheel_core::event::Field;

use super::payload::Payload;
use crate::json::Json;
use crate::summary::{SHORT, Summary, TEXT};

/// So many labels and commits are named; of the rest only the number.
const MAX_LISTED: usize = 10;

/// Name, places, and how many characters are kept.
const FACTS: &[(&str, &[&str], usize)] = &[
    ("repository", &["repository.full_name"], SHORT),
    ("organization", &["organization.login"], SHORT),
    ("action", &["action"], SHORT),
    (
        "number",
        &["pull_request.number", "issue.number", "discussion.number", "alert.number", "milestone.number"],
        SHORT,
    ),
    (
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
        SHORT,
    ),
    (
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
        SHORT,
    ),
    ("draft", &["pull_request.draft", "release.draft"], SHORT),
    ("merged", &["pull_request.merged"], SHORT),
    (
        "author",
        &["pull_request.user.login", "issue.user.login", "discussion.user.login", "release.author.login"],
        SHORT,
    ),
    ("sender", &["sender.login"], SHORT),
    ("label", &["label.name"], SHORT),
    ("assignee", &["assignee.login"], SHORT),
    ("requested reviewer", &["requested_reviewer.login"], SHORT),
    ("base", &["pull_request.base.ref"], SHORT),
    ("head", &["pull_request.head.ref"], SHORT),
    ("changed files", &["pull_request.changed_files"], SHORT),
    ("ref", &["ref"], SHORT),
    ("ref type", &["ref_type"], SHORT),
    ("forced", &["forced"], SHORT),
    ("deleted", &["deleted"], SHORT),
    ("tag", &["release.tag_name"], SHORT),
    ("prerelease", &["release.prerelease"], SHORT),
    ("environment", &["deployment.environment", "environment"], SHORT),
    ("status", &["check_run.status", "check_suite.status", "workflow_job.status", "workflow_run.status"], SHORT),
    (
        "conclusion",
        &["check_run.conclusion", "check_suite.conclusion", "workflow_job.conclusion", "workflow_run.conclusion"],
        SHORT,
    ),
    ("head branch", &["check_suite.head_branch", "workflow_job.head_branch", "workflow_run.head_branch"], SHORT),
    (
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
        SHORT,
    ),
    ("severity", &["alert.rule.severity", "alert.security_advisory.severity", "security_advisory.severity"], SHORT),
    ("package", &["alert.dependency.package.name"], SHORT),
    ("context", &["context"], SHORT),
    ("description", &["description", "deployment_status.description"], SHORT),
    ("review state", &["review.state"], SHORT),
    ("comment by", &["comment.user.login"], SHORT),
    ("path", &["comment.path"], SHORT),
    ("line", &["comment.line"], SHORT),
    ("compare", &["compare"], SHORT),
    (
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
        SHORT,
    ),
    ("review", &["review.body"], TEXT),
    ("comment", &["comment.body"], TEXT),
    ("body", &["pull_request.body", "issue.body", "discussion.body", "release.body", "milestone.description"], TEXT),
];

/// All facts the body has, in the table's order; lists after the short facts they belong to.
pub(super) fn gather(payload: &Payload<'_>) -> Vec<Field> {
    let mut summary = Summary::new();
    let (texts, short): (Vec<_>, Vec<_>) = FACTS.iter().partition(|(_, _, cap)| *cap == TEXT);
    add(&mut summary, payload, short);
    labels(&mut summary, payload);
    commits(&mut summary, payload);
    add(&mut summary, payload, texts);
    summary.finish()
}

fn add(summary: &mut Summary, payload: &Payload<'_>, facts: Vec<&(&str, &[&str], usize)>) {
    for (name, places, cap) in facts {
        if let Some(value) = places.iter().find_map(|path| payload.scalar(path)) {
            summary.add(name, &value, *cap);
        }
    }
}

fn labels(summary: &mut Summary, payload: &Payload<'_>) {
    let Some(labels) = payload.at("pull_request.labels").or_else(|| payload.at("issue.labels")) else { return };
    let lines = labels.items().map(|label| label.get("name").and_then(Json::text).unwrap_or_default());
    list(summary, "labels", lines, ", ");
}

/// The first lines of the commits' messages.
fn commits(summary: &mut Summary, payload: &Payload<'_>) {
    let Some(commits) = payload.at("commits") else { return };
    let lines = commits.items().map(|commit| {
        let message = commit.get("message").and_then(Json::text).unwrap_or_default();
        let id = commit.get("id").and_then(Json::text).unwrap_or_default();
        let short: String = id.chars().take(8).collect();
        let first = crate::summary::cut(message.lines().next().unwrap_or_default(), SHORT);
        format!("{short} {first}")
    });
    list(summary, "commits", lines, "\n");
}

fn list<T: AsRef<str>>(summary: &mut Summary, name: &str, items: impl Iterator<Item = T>, between: &str) {
    let mut count = 0;
    let mut text = String::new();
    for item in items {
        count += 1;
        if count <= MAX_LISTED {
            if count > 1 {
                text.push_str(between);
            }
            text.push_str(item.as_ref());
        }
    }
    if count > MAX_LISTED {
        text.push_str(&format!("{between}… {} more", count - MAX_LISTED));
    }
    summary.add(name, &text, TEXT);
}

#[cfg(test)]
mod tests {
    use super::super::payload::MEMBERS;
    use super::*;

    #[test]
    fn the_table_reads_only_known_members() {
        for path in FACTS.iter().flat_map(|(_, places, _)| places.iter()) {
            assert!(MEMBERS.contains(&path.split('.').next().unwrap()), "{path}");
        }
    }
}
