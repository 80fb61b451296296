//! The entity key: `github:<repository>:<kind>:<id>`.

use std::borrow::Cow;

use hookwheel_core::EntityKey;

use super::kinds::{About, Kind};
use super::payload::Payload;

/// What the delivery is about: a thing in its repository, else the repository, else its organization.
pub(super) fn key(kind: Option<&Kind>, payload: &Payload<'_>) -> Option<EntityKey> {
    let Some(repository) = payload.scalar("repository.full_name") else {
        let login = payload.scalar("organization.login")?;
        return Some(EntityKey::fit(&format!("github:org:{login}")));
    };
    let thing = thing(kind.map_or(About::Repository, |kind| kind.about), payload);
    Some(EntityKey::fit(&match thing {
        Some((kind, id)) => format!("github:{repository}:{kind}:{id}"),
        None => format!("github:{repository}"),
    }))
}

fn thing<'a>(about: About, payload: &Payload<'a>) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    match about {
        About::Repository => None,
        About::Thing(kind, path) => Some((kind.into(), payload.scalar(path)?)),
        About::Issue => {
            let kind = if payload.has("issue.pull_request") { "pr" } else { "issue" };
            Some((kind.into(), payload.scalar("issue.number")?))
        }
        About::ShortRef => Some((payload.scalar("ref_type")?, payload.scalar("ref")?)),
        About::FullRef => {
            let full = payload.scalar("ref")?;
            [("refs/heads/", "branch"), ("refs/tags/", "tag")]
                .into_iter()
                .find_map(|(prefix, kind)| Some((kind.into(), full.strip_prefix(prefix)?.to_owned().into())))
        }
    }
}
