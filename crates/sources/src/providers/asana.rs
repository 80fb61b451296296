//! Asana: a batch of what changed, without its content. An empty batch is a sign of life.

use std::borrow::Cow;

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::Request;
use crate::delivery::{Delivery, event_type};
use crate::facts::{Fact, raw, short};
use crate::handshake::{self, Desk, Greeting, echo_header};
use crate::json::Json;
use crate::made_key;
use crate::profile::{Id, Profile, Sample, sample};
use crate::summary::SHORT;

pub(crate) static ASANA: Profile = Profile {
    name: "asana",
    auth: || Auth::scheme("asana"),
    ids: &[Id::Made(key)],
    event_type: kind,
    entity,
    identity: &["events", "action", "resource.resource_type", "resource.gid", "parent.resource_type", "parent.gid"],
    actor: &["user.name", "user.gid"],
    facts: FACTS,
    split: Some(|body| body.get("events").into_iter().flat_map(Json::items).collect()),
    event_types: &[
        "attachment.added",
        "attachment.deleted",
        HEARTBEAT,
        "portfolio.changed",
        "project.added",
        "project.changed",
        "project.deleted",
        "project.removed",
        "section.added",
        "section.changed",
        "section.deleted",
        "section.removed",
        "story.added",
        "story.changed",
        "story.deleted",
        "story.removed",
        "story.undeleted",
        "tag.changed",
        "task.added",
        "task.changed",
        "task.deleted",
        "task.removed",
        "task.undeleted",
    ],
    handshakes: &[HEARTBEAT],
    greet: pair,
    credentials: &["x-hook-secret"],
    sample: due_date,
    ..Profile::BLANK
};

const HEARTBEAT: &str = "heartbeat";

/// While a webhook is being made there, Asana says which secret it will sign with and hears it back. We keep nothing:
/// whoever made the webhook was told the same secret and configures it, so nobody replaces one that is in use.
fn pair(desk: &Desk<'_>, request: &Request<'_>) -> Option<Greeting> {
    let signed = request.headers.all("x-hook-signature").next().is_some();
    let chosen =
        echo_header(request, "x-hook-secret").filter(|_| desk.pairing && !signed && request.method == "POST")?;
    Some(Greeting::Answered(handshake::empty(200, vec![("x-hook-secret", chosen.to_vec())])))
}

const FACTS: &[Fact] = &[
    short("action", &["action"]),
    short("kind", &["resource.resource_type"]),
    short("subkind", &["resource.resource_subtype"]),
    short("gid", &["resource.gid"]),
    short("name", &["resource.name"]),
    short("field", &["change.field"]),
    short("field action", &["change.action"]),
    raw("new value", &["change.new_value", "change.added_value"], SHORT),
    raw("removed value", &["change.removed_value"], SHORT),
    short("parent kind", &["parent.resource_type"]),
    short("parent gid", &["parent.gid"]),
    short("user", &["user.name", "user.gid"]),
    short("at", &["created_at"]),
    // Only the whole body of a heartbeat has this.
    raw("events", &["events"], SHORT),
];

fn kind(event: &Delivery<'_>) -> Option<String> {
    if event.at("events").is_some() {
        return Some(HEARTBEAT.to_owned());
    }
    let [kind, action] = [event.scalar("resource.resource_type"), event.scalar("action")];
    event_type(&[kind.as_deref(), action.as_deref()])
}

/// A comment or a file is about the task that has it; everything else is about itself.
fn entity(event: &Delivery<'_>) -> Option<EntityKey> {
    let part = matches!(event.scalar("resource.resource_type").as_deref(), Some("story" | "attachment"));
    if part && event.scalar("parent.resource_type").as_deref() == Some("task") {
        return event.entity(&["task:{parent.gid}"]);
    }
    event.entity(&["{resource.resource_type}:{resource.gid}"])
}

/// Made of the events as sent, one by one; a heartbeat's is the body's hash, so of many one is kept.
fn key(body: &Delivery<'_>) -> Option<String> {
    let events: Vec<_> = body.at("events")?.items().map(|event| Cow::Borrowed(event.raw())).collect();
    (!events.is_empty()).then(|| made_key::of(events))
}

fn due_date(seed: u64) -> Sample {
    let body = json!({ "events": [{
        "user": { "gid": "1002", "resource_type": "user" }, "created_at": "2026-11-02T09:30:00.000Z",
        "action": "changed", "parent": null,
        "resource": { "gid": format!("{}", 1_200_000_000 + seed), "resource_type": "task", "resource_subtype": "default_task" },
        "change": { "field": "due_on", "action": "changed" },
    }] });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use crate::BadBody;
    use crate::post::{Post, names};

    const TASK: &str = r#"{"action":"changed","resource":{"resource_type":"task","gid":"7"}}"#;
    const STORY: &str = r#"{"action":"added","resource":{"resource_type":"story","gid":"8"},
        "parent":{"resource_type":"task","gid":"7"}}"#;
    const SUBTASK: &str = r#"{"action":"added","resource":{"resource_type":"task","gid":"9"},
        "parent":{"resource_type":"task","gid":"7"}}"#;

    #[test]
    fn a_batch_is_one_event_an_item_and_a_comment_belongs_to_its_task() {
        let post = Post::to("asana", format!(r#"{{"events":[{TASK},{STORY},{SUBTASK}]}}"#));
        let wanted =
            [("task.changed", "asana:task:7"), ("story.added", "asana:task:7"), ("task.added", "asana:task:9")];
        assert_eq!(names(&post.events()), wanted);
    }

    #[test]
    fn the_key_is_made_of_the_events_and_nothing_around_them() {
        let key = |body: String| Post::to("asana", body).key().unwrap();
        let both = key(format!(r#"{{"events":[{TASK},{STORY}]}}"#));
        assert_eq!(both, key(format!(r#"{{ "events" : [ {TASK} , {STORY} ] }}"#)));
        assert_ne!(both, key(format!(r#"{{"events":[{TASK}]}}"#)));
    }

    #[test]
    fn names_that_identity_hangs_on_are_there_once() {
        let twice = TASK.replace(r#""gid":"7""#, r#""gid":"7","gid":"8""#);
        for body in [format!(r#"{{"events":[{twice}]}}"#), format!(r#"{{"events":[{TASK}],"events":[{STORY}]}}"#)] {
            assert_eq!(Post::to("asana", &body).key(), Err(BadBody::DuplicateKey), "{body}");
        }
    }

    #[test]
    fn an_empty_batch_is_a_sign_of_life_for_no_agent() {
        let beat = Post::to("asana", r#"{"events":[]}"#);
        assert_eq!(names(&beat.events()), [("heartbeat", "")]);
        assert!(crate::source("asana").unwrap().is_handshake(&beat.event()));
        assert!(!crate::source("asana").unwrap().is_handshake(&Post::to("asana", "{}").event()));
    }
}
