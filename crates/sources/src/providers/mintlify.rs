//! Mintlify: the body's `event` and `action` say what happened. It has no delivery id and nothing that events share.
//!
//! Unverified: no delivery of this sender was ever seen by us.

use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::event_type;
use crate::facts::{short, text};
use crate::profile::{Profile, Sample, sample};

pub(crate) static MINTLIFY: Profile = Profile {
    name: "mintlify",
    auth: || Auth::scheme("mintlify"),
    event_type: |d| event_type(&[d.scalar("event").as_deref(), d.scalar("action").as_deref()]),
    identity: &["event", "action"],
    actor: &["user.email", "user.name"],
    facts: &[
        short("project", &["project", "organization"]),
        short("branch", &["branch"]),
        short("title", &["title"]),
        short("by", &["user.email", "user.name"]),
        short("at", &["timestamp"]),
        short("url", &["url"]),
        text("error", &["error"]),
        text("message", &["message"]),
    ],
    event_types: &["build.failed", "build.succeeded"],
    credentials: &["mintlify-signature", "x-mintlify-signature"],
    sample: build_failed,
    ..Profile::BLANK
};

fn build_failed(seed: u64) -> Sample {
    let body = json!({
        "event": "build", "action": "failed", "project": "acme-docs", "branch": "main", "title": "Explain the new limits",
        "error": "limits.mdx: the link to ./quota leads nowhere", "user": { "email": "rivers@example.com" },
        "url": format!("https://dashboard.mintlify.example.com/acme/builds/{seed}"), "timestamp": "2026-11-02T09:30:00Z",
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BadBody;
    use crate::probe::{describe, entity, fact, key};

    #[test]
    fn a_build_has_its_action_in_its_type_and_its_bytes_as_its_key() {
        let (_, body) = build_failed(4);
        let event = describe(&MINTLIFY, &[], &body);
        assert_eq!(event.event_type.as_deref(), Some("build.failed"));
        assert_eq!((event.actor.as_deref(), entity(&event)), (Some("rivers@example.com"), None));
        assert!(fact(&event, "error").unwrap().contains("limits.mdx"));
        assert!(key(&MINTLIFY, &[], &body).unwrap().starts_with("sha256:"));
        assert_eq!(key(&MINTLIFY, &[], br#"{"event":"a","event":"b"}"#), Err(BadBody::DuplicateKey));
    }
}
