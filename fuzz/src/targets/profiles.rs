//! Profiles: what a sender wrote becomes events within their caps, whatever it is, and a message nobody can break out of.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Proof;
use hookwheel_core::event::Event;
use hookwheel_core::filter::{Decision, decide};
use hookwheel_core::ids::{DeliveryId, EventId, SnapshotHash};
use hookwheel_core::message::{Fence, Subject, delivery_message};
use hookwheel_core::webhook::Webhook;
use hookwheel_sources::{Reading, Request, Source, all, source, text};
use serde_json::json;

use crate::http_like::{Parts, indexed, named, written};
use crate::{Target, trace};

/// Characters of all names and values of a summary.
const MAX_SUMMARY: usize = 6_000;

pub(super) const TARGET: Target = Target {
    name: "profiles",
    holds: "admit, events and describe are total and agree; summaries, types, entities and keys keep their caps",
    run,
    seeds,
    weight: 5,
};

static WEBHOOKS: LazyLock<BTreeMap<&'static str, Webhook>> =
    LazyLock::new(|| all().iter().map(|profile| (profile.name(), webhook(profile.name()))).collect());

fn run(input: &[u8]) -> u64 {
    let parts = Parts::of(input, 1);
    let names: Vec<&str> = WEBHOOKS.keys().copied().collect();
    let name = named(&names, parts.opening[0]);
    let profile = source(name).expect("every listed profile is known");
    let hook = &WEBHOOKS[name];
    let request = Request { method: "POST", url: "/webhooks/a-hook", headers: &parts.headers, body: parts.body };

    let admitted = profile.admit(hook, &request);
    if let Ok(key) = &admitted {
        assert!((1..=255).contains(&key.len()) && !key.contains(char::is_control), "a bad key {key:?}");
        assert_eq!(profile.admit(hook, &request).as_ref(), Ok(key), "another key the second time");
    }
    let events = profile.events(hook, &request);
    assert!(!events.is_empty(), "no event");
    assert_eq!(events.first(), Some(&profile.describe(hook, &request)), "describe and the first of events");
    let reading_text = text(&request);
    let reading = Reading::new(&parts.headers, &reading_text);
    let mut taken = Vec::new();
    for event in events.iter().take(8) {
        keeps_its_caps(event);
        let decision = decide(hook, &reading.view(profile, event));
        taken.push((event.event_type.as_deref(), event.summary.len(), says_why(&decision)));
    }
    fenced(hook, &events[0], parts.body);
    let first = taken.first().copied();
    trace((name, admitted.map(|key| key.starts_with("sha256:")).map_err(|bad| bad as u8), first, events.len().min(3)))
}

fn keeps_its_caps(event: &Event) {
    let size: usize = event.summary.iter().map(|fact| fact.name.chars().count() + fact.value.chars().count()).sum();
    assert!(size <= MAX_SUMMARY, "a summary of {size} characters");
    let ours = |name: &str| !name.is_empty() && name.len() <= 64 && !name.contains(char::is_control);
    assert!(event.summary.iter().all(|fact| ours(&fact.name)), "the name of a fact is ours");
    if let Some(entity) = &event.entity {
        assert!(entity.as_str().len() <= 256 && !entity.as_str().contains(char::is_control), "{entity}");
    }
    if let Some(name) = &event.event_type {
        assert!((1..=256).contains(&name.chars().count()) && !name.contains(char::is_control), "{name:?}");
    }
    if let Some(actor) = &event.actor {
        assert!((1..=256).contains(&actor.chars().count()), "an actor of {} characters", actor.chars().count());
    }
}

/// How many routes take it; 9 when none does.
fn says_why(decision: &Decision) -> usize {
    match decision.taken() {
        Ok(routes) => routes.len(),
        Err(why) => {
            assert!(!why.is_empty() && why.chars().count() <= 300, "a reason of {} characters", why.chars().count());
            9
        }
    }
}

/// Nothing a sender wrote stands outside the fence, and nothing in it can hide or close it.
fn fenced(webhook: &Webhook, event: &Event, body: &[u8]) {
    let delivery = DeliveryId::from_uuid_bytes([7; 16]);
    let fence = Fence::derive(&delivery, &SnapshotHash::of(b""), body);
    let proof = Proof { scheme: "none".into(), secret: None, signed_at: None };
    let id = EventId { delivery, index: None };
    let received_at = Timestamp::from_secs(1_761_100_033);
    let about = Subject { webhook, id: &id, received_at, proof: &proof, event };
    let message = delivery_message(&about, &fence, Some("suffix"));
    for line in [fence.opening(), fence.closing()] {
        assert_eq!(message.matches(&line).count(), 1, "a line of the fence");
    }
    assert!(message.ends_with("\n---\nsuffix"), "the operator's words come last");
    let plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    assert!(message.chars().all(plain), "a control character");
}

fn webhook(source: &str) -> Webhook {
    let fields = json!({ "repos": ["o/r"], "actions": ["opened"], "labels": ["bug"], "branches": ["main"] });
    let when = json!({ "any": [
        { "test": { "field": "body.action", "operator": { "matches": "^(open|clos)ed$" } } },
        { "test": { "field": "body.issue.number", "operator": { "gt": 3 } } },
        { "not": { "test": { "field": "facts.title", "operator": { "contains": "x" } } } },
    ] });
    let route = |name: &str, events: serde_json::Value| json!({ "name": name, "events": events, "action": { "agent": "a" }, "session": "per_entity", "prompt_suffix": null });
    let routes = [
        route("all", json!({})),
        route("listed", json!({ "allow": ["issues", "push"], "deny": ["ping"], "ignore_actors": ["bot"] })),
        route("fields", json!({ "fields": fields })),
        route("when", json!({ "when": when })),
    ];
    let webhook = json!({
        "id": "wh_0123456789abcdef", "slug": "a-hook", "enabled": true, "source": source, "auth": { "mode": "none" },
        "secrets": [], "events": {}, "max_body": 1_048_576, "entity_pointers": ["/id", "/a/0/b"],
        "delivery_key": { "body": "/id" }, "routes": routes,
    });
    serde_json::from_value(webhook).expect("a webhook as it is stored")
}

/// Every body of the fixtures with its headers, and each profile's own sample.
fn seeds() -> Vec<Vec<u8>> {
    let pairs = |headers: &BTreeMap<String, String>| headers.clone().into_iter().collect::<Vec<_>>();
    let rows = indexed().into_iter().map(|(name, headers, body)| (name, pairs(&headers), body));
    let sample = |profile: &&dyn Source| {
        let (headers, body) = profile.sample(1);
        (profile.name().to_owned(), headers, body)
    };
    let seeds = rows.chain(all().iter().map(sample));
    seeds
        .map(|(name, headers, body)| {
            written(&[&name], headers.iter().map(|(name, value)| (name.as_str(), value.as_str())), &body)
        })
        .collect()
}
