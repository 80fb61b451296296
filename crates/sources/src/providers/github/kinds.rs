//! The event names we know: what their bodies look like and where they say what they are about.
//!
//! An unknown name is no mistake: its delivery is about its repository.

use super::payload::Payload;
use crate::BadBody;

/// One event name.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Paths its body has.
    has: &'static [&'static str],
    /// Members its body never has; they would make it another event's.
    lacks: &'static [&'static str],
    pub(super) about: About,
}

/// What an event is about.
#[derive(Clone, Copy)]
pub(super) enum About {
    /// The repository, else the organization.
    Repository,
    /// A thing of this kind, whose id is at this path.
    Thing(&'static str, &'static str),
    /// The issue at `issue`, which is a pull request when it says so.
    Issue,
    /// The branch or tag at `ref`, written in full.
    FullRef,
    /// The branch or tag at `ref`, of the kind at `ref_type`.
    ShortRef,
}

const PR: About = About::Thing("pr", "pull_request.number");
const DISCUSSION: About = About::Thing("discussion", "discussion.number");
const DEPLOYMENT: About = About::Thing("deployment", "deployment.id");

const fn kind(name: &'static str, has: &'static [&'static str], lacks: &'static [&'static str], about: About) -> Kind {
    Kind { name, has, lacks, about }
}

const KINDS: &[Kind] = &[
    kind("check_run", &["action", "check_run"], &[], About::Thing("check_suite", "check_run.check_suite.id")),
    kind("check_suite", &["action", "check_suite"], &["check_run"], About::Thing("check_suite", "check_suite.id")),
    kind(
        "code_scanning_alert",
        &["action", "alert.rule"],
        &["workflow_run"],
        About::Thing("code_scanning_alert", "alert.number"),
    ),
    kind(
        "commit_comment",
        &["action", "comment.commit_id"],
        &["discussion", "issue", "pull_request"],
        About::Thing("commit", "comment.commit_id"),
    ),
    kind("create", &["master_branch", "ref", "ref_type"], &["commits"], About::ShortRef),
    kind("delete", &["ref", "ref_type"], &["commits", "master_branch"], About::ShortRef),
    kind(
        "dependabot_alert",
        &["action", "alert.dependency"],
        &["workflow_run"],
        About::Thing("dependabot_alert", "alert.number"),
    ),
    kind("deployment", &["action", "deployment"], &["check_run", "deployment_status"], DEPLOYMENT),
    kind("deployment_status", &["action", "deployment", "deployment_status"], &[], DEPLOYMENT),
    kind("discussion", &["action", "discussion"], &["comment"], DISCUSSION),
    kind("discussion_comment", &["action", "comment", "discussion"], &[], DISCUSSION),
    kind("fork", &["forkee"], &["action"], About::Repository),
    kind("gollum", &["pages"], &["action"], About::Repository),
    kind("issue_comment", &["action", "comment", "issue"], &[], About::Issue),
    kind("issues", &["action", "issue"], &["comment"], About::Issue),
    kind("label", &["action", "label"], &["issue", "pull_request", "discussion"], About::Repository),
    kind("member", &["action", "member"], &["team"], About::Repository),
    kind("membership", &["action", "member", "team"], &[], About::Repository),
    kind("merge_group", &["action", "merge_group"], &[], About::Repository),
    kind(
        "milestone",
        &["action", "milestone"],
        &["issue", "pull_request"],
        About::Thing("milestone", "milestone.number"),
    ),
    kind("page_build", &["build"], &["action"], About::Repository),
    kind("ping", &["hook_id", "zen"], &["action"], About::Repository),
    kind("pull_request", &["action", "number", "pull_request"], &["comment", "review", "thread"], PR),
    kind("pull_request_review", &["action", "pull_request", "review"], &["comment", "thread"], PR),
    kind("pull_request_review_comment", &["action", "comment", "pull_request"], &["review", "thread"], PR),
    kind("pull_request_review_thread", &["action", "pull_request", "thread"], &["comment", "review"], PR),
    kind("push", &["after", "before", "commits", "ref"], &["action"], About::FullRef),
    kind("release", &["action", "release"], &[], About::Thing("release", "release.id")),
    kind("repository_dispatch", &["action", "client_payload"], &[], About::Repository),
    kind("security_advisory", &["action", "security_advisory"], &[], About::Repository),
    kind("star", &["action", "starred_at"], &[], About::Repository),
    kind("status", &["context", "sha", "state"], &["action"], About::Thing("commit", "sha")),
    kind("team", &["action", "team"], &["member"], About::Repository),
    kind("team_add", &["team"], &["action", "member"], About::Repository),
    kind("watch", &["action"], &["comment", "issue", "pull_request", "starred_at"], About::Repository),
    kind("workflow_dispatch", &["ref", "workflow"], &["action", "workflow_run"], About::Repository),
    kind("workflow_job", &["action", "workflow_job"], &["workflow_run"], About::Thing("run", "workflow_job.run_id")),
    kind("workflow_run", &["action", "workflow_run"], &["workflow_job"], About::Thing("run", "workflow_run.id")),
];

/// The kind of this name.
pub(super) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

impl Kind {
    /// Whether this body can be this event's, and names unmistakably what it is about.
    pub(super) fn check(&self, payload: &Payload<'_>) -> Result<(), BadBody> {
        let fits = self.has.iter().all(|path| payload.at(path).is_some())
            && !self.lacks.iter().any(|member| payload.at(member).is_some());
        if !fits {
            return Err(BadBody::EventMismatch);
        }
        let identity = match self.about {
            About::Thing(_, path) => path,
            About::Issue => "issue.number",
            About::Repository | About::FullRef | About::ShortRef => "repository.full_name",
        };
        payload.unambiguous(identity)?;
        payload.unambiguous("issue.pull_request")?;
        payload.unambiguous("repository.full_name")
    }
}

#[cfg(test)]
mod tests {
    use super::super::payload::MEMBERS;
    use super::*;

    #[test]
    fn the_tables_read_only_known_members() {
        assert!(MEMBERS.is_sorted());
        for kind in KINDS {
            for path in kind.has.iter().chain(kind.lacks) {
                assert!(MEMBERS.contains(&path.split('.').next().unwrap()), "{path} of {}", kind.name);
            }
        }
    }
}
