//! Docker Hub: an image was pushed. There is no signature, no event name and no id.

use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::facts::{Fact, names, short, text};
use crate::profile::{Profile, Sample, sample};

/// The profile. The callback address in the body is a capability, so no fact shows it.
pub(crate) static DOCKER: Profile = Profile {
    name: "docker",
    auth: || Auth::StaticHeader { header: "x-webhook-secret".into() },
    event_type: |d| d.has("push_data").then(|| "push".to_owned()),
    entity: |d| d.entity(&["{repository.repo_name}:tag:{push_data.tag}", "{repository.repo_name}"]),
    identity: &["push_data.tag", "repository.repo_name"],
    actor: &["push_data.pusher"],
    facts: FACTS,
    event_types: &["push"],
    sample: push,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short("repository", &["repository.repo_name"]),
    short("tag", &["push_data.tag"]),
    short("pusher", &["push_data.pusher"]),
    short("pushed at", &["push_data.pushed_at"]),
    short("status", &["repository.status"]),
    short("private", &["repository.is_private"]),
    short("url", &["repository.repo_url"]),
    names("images", &["push_data.images"], ""),
    text("description", &["repository.full_description", "repository.description"]),
];

fn push(seed: u64) -> Sample {
    let body = json!({
        "push_data": { "pushed_at": 1_761_100_000 + seed, "pusher": "rivers", "tag": format!("1.2.{seed}"), "images": [] },
        "repository": {
            "repo_name": "acme/widgets", "namespace": "acme", "name": "widgets", "owner": "acme", "status": "Active",
            "is_private": true, "repo_url": "https://hub.example.com/r/acme/widgets",
        },
    });
    sample(&[], body)
}
