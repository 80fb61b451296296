//! A GitHub body with its well-known members at hand.

use std::borrow::Cow;

use crate::BadBody;
use crate::json::{self, Json};

/// The top-level members we read, sorted. Each may be there once only: what an event is about hangs on them.
pub(super) const MEMBERS: &[&str] = &[
    "action",
    "after",
    "alert",
    "assignee",
    "before",
    "build",
    "check_run",
    "check_suite",
    "client_payload",
    "comment",
    "commits",
    "compare",
    "context",
    "deleted",
    "deployment",
    "deployment_status",
    "description",
    "discussion",
    "environment",
    "forced",
    "forkee",
    "head_commit",
    "hook_id",
    "issue",
    "label",
    "master_branch",
    "member",
    "merge_group",
    "milestone",
    "number",
    "organization",
    "pages",
    "pull_request",
    "pusher",
    "ref",
    "ref_type",
    "release",
    "repository",
    "requested_reviewer",
    "review",
    "security_advisory",
    "sender",
    "sha",
    "starred_at",
    "state",
    "target_url",
    "team",
    "thread",
    "workflow",
    "workflow_job",
    "workflow_run",
    "zen",
];

/// The well-known members that a body has.
pub(super) struct Payload<'a> {
    members: Vec<(&'static str, Json<'a>)>,
}

impl<'a> Payload<'a> {
    /// Checks the whole body and reads it, in one pass: this is where ingress spends its time.
    pub(super) fn read(text: &'a [u8]) -> Result<Self, BadBody> {
        let mut members: Vec<(&'static str, Json<'a>)> = Vec::new();
        let mut repeated = false;
        let object = json::parse_object(text, |name, value| {
            let Ok(at) = MEMBERS.binary_search(&name.as_ref()) else { return };
            repeated |= members.iter().any(|(known, _)| *known == MEMBERS[at]);
            members.push((MEMBERS[at], value));
        });
        match object {
            Some(()) if repeated => Err(BadBody::DuplicateKey),
            Some(()) => Ok(Self { members }),
            None if json::parse(text).is_some() => Err(BadBody::UnexpectedShape),
            None => Err(BadBody::InvalidJson),
        }
    }

    /// The value at this dotted path.
    pub(super) fn at(&self, path: &str) -> Option<Json<'a>> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let (_, member) = self.members.iter().find(|(name, _)| *name == first)?;
        rest.map_or(Some(*member), |rest| member.path(rest))
    }

    /// The text, number or boolean at this dotted path.
    pub(super) fn scalar(&self, path: &str) -> Option<Cow<'a, str>> {
        self.at(path)?.scalar()
    }

    /// Whether there is something other than `null` at this dotted path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.at(path).is_some_and(|value| !value.is_null())
    }

    /// Refuses a body that names the same thing twice on the way to this dotted path.
    pub(super) fn unambiguous(&self, path: &str) -> Result<(), BadBody> {
        let mut names = path.split('.');
        let mut value = names.next().and_then(|first| self.at(first));
        for name in names {
            let Some(parent) = value else { return Ok(()) };
            value = parent.only(name).map_err(|_| BadBody::DuplicateKey)?;
        }
        Ok(())
    }
}
