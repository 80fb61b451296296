//! The translation itself.

use std::collections::BTreeSet;

use hookwheel_core::event::Normalized;
use hookwheel_core::filter::{EventFilter, mark};
use hookwheel_core::ids::RunId;
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::SessionMode::{PerDelivery, PerEntity};
use hookwheel_normalizer::{Plan, normalize};
use hookwheel_proto::record;
use serde_json::{Value, json};

use crate::kit::{delivery, issue, route, snapshot};

#[test]
fn an_issue_becomes_one_request_for_each_route() {
    let snapshot = snapshot(vec![route("triage", "triager", PerEntity), route("review", "reviewer", PerDelivery)]);
    let delivery = issue(1, 7, &snapshot);
    let plan = plan(&delivery, &snapshot);
    let Normalized::Routed { event, runs } = &plan.outcome.result else { panic!("{:?}", plan.outcome) };
    assert_eq!(event.event_type.as_deref(), Some("issues.opened"));
    assert_eq!(event.entity.as_ref().unwrap().as_str(), "github:octo/hello:issue:7");
    assert_eq!(plan.requests.iter().map(|request| &request.run).collect::<Vec<_>>(), runs.iter().collect::<Vec<_>>());
    assert_ne!(plan.requests[0].run, plan.requests[1].run);
    let first = &plan.requests[0];
    assert_eq!((first.route.as_str(), first.agent.as_str(), first.generation), ("triage", "triager", 0));
    assert_eq!(first.delivery_key_hash, delivery.key.hash);
    assert!(first.message.contains("Event: issues.opened") && first.message.contains("It breaks"));
}

#[test]
fn the_same_delivery_gives_the_same_bytes() {
    let snapshot = snapshot(vec![route("triage", "triager", PerEntity), route("review", "reviewer", PerDelivery)]);
    let bytes = || {
        let plan = plan(&issue(1, 7, &snapshot), &snapshot);
        let requests = plan.requests.iter().map(record::run_requested);
        let records = requests.chain([record::delivery_outcome(&plan.outcome)]);
        records.map(|record| (record.subject, record.id, record.headers, record.payload)).collect::<Vec<_>>()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn an_entity_has_one_session_for_each_agent() {
    let snapshot = snapshot(vec![
        route("triage", "triager", PerEntity),
        route("again", "triager", PerEntity),
        route("review", "reviewer", PerEntity),
        route("alone", "triager", PerDelivery),
    ]);
    let sessions = |n, number| {
        plan(&issue(n, number, &snapshot), &snapshot).requests.into_iter().map(|r| r.session).collect::<Vec<_>>()
    };
    let (one, other, elsewhere) = (sessions(1, 7), sessions(2, 7), sessions(3, 8));
    assert_eq!(one[0], one[1]);
    assert_ne!(one[0], one[2]);
    assert_ne!(one[0], one[3]);
    assert_eq!(one[0], other[0]);
    assert_ne!(one[3], other[3]);
    assert_ne!(one[0], elsewhere[0]);
}

#[test]
fn without_an_entity_a_run_is_alone() {
    let snapshot = snapshot(vec![route("triage", "triager", PerEntity), route("again", "triager", PerEntity)]);
    let odd = delivery(1, "unheard_of", r#"{"x":1}"#.into(), &snapshot);
    let plan = plan(&odd, &snapshot);
    assert_eq!(plan.requests[0].entity, None);
    assert_ne!(plan.requests[0].session, plan.requests[1].session);
}

#[test]
fn a_batch_becomes_a_request_for_each_event_and_route() {
    let mut snapshot = snapshot(vec![route("triage", "triager", PerEntity), route("again", "triager", PerDelivery)]);
    snapshot.webhook.source = "graph".into();
    snapshot.webhook.events.deny = vec!["message.deleted".into()];
    let item = |change: &str, id: &str| {
        format!(
            r##"{{"changeType":"{change}","resource":"users/u/messages/{id}","subscriptionId":"s","resourceData":{{"@odata.type":"#Microsoft.Graph.Message","id":"{id}"}}}}"##
        )
    };
    let body = format!(r#"{{"value":[{},{},{}]}}"#, item("created", "a"), item("deleted", "a"), item("created", "b"));
    let delivery = delivery(1, "", body.into(), &snapshot);
    let made = plan(&delivery, &snapshot);

    let Normalized::Routed { runs, .. } = &made.outcome.result else { panic!("{:?}", made.outcome) };
    assert_eq!(made.requests.iter().map(|request| &request.run).collect::<Vec<_>>(), runs.iter().collect::<Vec<_>>());
    assert_eq!(runs.iter().collect::<BTreeSet<_>>().len(), 4);
    let [
        Normalized::Routed { runs: first, .. },
        Normalized::Filtered { clause, .. },
        Normalized::Routed { runs: third, .. },
    ] = &made.outcome.events[..]
    else {
        panic!("{:?}", made.outcome.events)
    };
    assert_eq!(clause, "event type is on the deny list");
    assert_eq!([first.as_slice(), third].concat(), *runs);
    let about = |request: &RunRequested| (request.event_index, request.route.clone());
    assert_eq!(
        made.requests.iter().map(about).collect::<Vec<_>>(),
        [(Some(0), "triage".into()), (Some(0), "again".into()), (Some(2), "triage".into()), (Some(2), "again".into())]
    );
    assert!(made.requests[2].message.contains(&format!("Delivery: {}#2\n", delivery.delivery)));
    assert_eq!(made.requests.iter().map(|request| &request.session).collect::<BTreeSet<_>>().len(), 4);
    assert_eq!(made, plan(&delivery, &snapshot));
}

#[test]
fn a_batch_of_one_is_a_delivery_like_any_other() {
    let mut snapshot = snapshot(vec![route("triage", "triager", PerEntity)]);
    snapshot.webhook.source = "graph".into();
    let body = r#"{"value":[{"changeType":"created","resource":"users/u/messages/a","subscriptionId":"s"}]}"#;
    let delivery = delivery(1, "", body.into(), &snapshot);
    let made = plan(&delivery, &snapshot);
    assert!(made.outcome.events.is_empty());
    assert_eq!((made.requests.len(), made.requests[0].event_index), (1, None));
    assert_eq!(made.requests[0].run, RunId::derive(&delivery.delivery, "triage", 0));
}

#[test]
fn filters_stop_events_and_say_which_clause_did() {
    let filter = |allow: &[&str], deny: &[&str]| EventFilter {
        allow: allow.iter().map(ToString::to_string).collect(),
        deny: deny.iter().map(ToString::to_string).collect(),
        ..EventFilter::default()
    };
    let everything = EventFilter::default();
    let cases = [
        (filter(&["push"], &[]), everything.clone(), "event type is not on the allow list"),
        (filter(&["issues"], &["issues.opened"]), everything.clone(), "event type is on the deny list"),
        (everything, filter(&["push"], &[]), "no route takes this event"),
    ];
    for (of_webhook, of_route, wanted) in cases {
        let mut snapshot = snapshot(vec![route("triage", "triager", PerEntity)]);
        snapshot.webhook.events = of_webhook;
        snapshot.webhook.routes[0].events = of_route;
        let plan = plan(&issue(1, 7, &snapshot), &snapshot);
        let Normalized::Filtered { event, clause } = &plan.outcome.result else { panic!("{wanted}") };
        assert_eq!((clause.as_str(), event.event_type.as_deref()), (wanted, Some("issues.opened")));
        assert!(plan.requests.is_empty());
    }
}

/// A filter of this JSON, as snapshots hold it.
fn filter_of(json: Value) -> EventFilter {
    serde_json::from_value(json).unwrap()
}

#[test]
fn trigger_fields_and_conditions_look_into_the_body() {
    let cases = [
        (json!({ "fields": { "repos": ["octo/hello"], "actions": ["opened"] } }), None),
        (
            json!({ "fields": { "repos": ["octo/other"] } }),
            Some("not met: repos one of \"octo/other\" (seen: \"octo/hello\")"),
        ),
        (json!({ "when": { "test": { "field": "body.issue.number", "operator": { "equals": 7 } } } }), None),
        (
            json!({ "when": { "test": { "field": "body.issue.number", "operator": { "gt": 7 } } } }),
            Some("not met: body.issue.number gt 7 (seen: 7)"),
        ),
        (json!({ "ignore_actors": ["Octocat"] }), Some("actor \"octocat\" is on the list of ignored actors")),
    ];
    for (filter, wanted) in cases {
        let mut snapshot = snapshot(vec![route("triage", "triager", PerEntity)]);
        snapshot.webhook.events = filter_of(filter.clone());
        let clause = match plan(&issue(1, 7, &snapshot), &snapshot).outcome.result {
            Normalized::Filtered { clause, .. } => Some(clause),
            _ => None,
        };
        assert_eq!(clause.as_deref(), wanted, "{filter}");
    }
}

#[test]
fn a_filter_that_cannot_be_answered_stops_its_route_and_is_told() {
    let broken = json!({ "when": { "test": { "field": "body.issue.title", "operator": { "lt": 1 } } } });
    let error = "filter error: body.issue.title lt 1: text is not a number";
    let mut snapshot = snapshot(vec![route("triage", "triager", PerEntity), route("review", "reviewer", PerEntity)]);
    snapshot.webhook.routes[0].events = filter_of(broken.clone());
    let beside = plan(&issue(1, 7, &snapshot), &snapshot);
    assert_eq!(beside.requests.len(), 1);
    assert_eq!(beside.filter_errors, [format!("route triage: {error}")]);

    snapshot.webhook.routes.pop();
    let alone = plan(&issue(1, 7, &snapshot), &snapshot);
    let Normalized::Filtered { clause, .. } = alone.outcome.result else { panic!("{:?}", alone.outcome) };
    assert_eq!((clause.as_str(), alone.filter_errors.len()), (error, 1));
}

#[test]
fn the_words_of_an_agent_wake_none() {
    let snapshot = snapshot(vec![route("triage", "triager", PerEntity)]);
    let run = plan(&issue(1, 7, &snapshot), &snapshot).requests[0].run.clone();
    let comment = |text: &str| {
        json!({
            "action": "created",
            "issue": { "number": 7, "title": "It breaks", "body": mark(&run) },
            "comment": { "body": text, "user": { "login": "helper" } },
            "repository": { "full_name": "octo/hello" }, "sender": { "login": "helper" },
        })
    };
    let outcome = |n, text: &str| {
        let body = comment(text).to_string().into_bytes().into();
        plan(&delivery(n, "issue_comment", body, &snapshot), &snapshot).outcome.result
    };
    let Normalized::Filtered { clause, .. } = outcome(2, &format!("Done.\n\n{}", mark(&run))) else { panic!() };
    assert_eq!(clause, format!("written by {run}: what an agent writes does not wake one"));
    assert!(matches!(outcome(3, "Please look again"), Normalized::Routed { .. }));
}

#[test]
fn a_body_that_names_something_twice_is_marked() {
    let snapshot = snapshot(vec![route("triage", "triager", PerEntity)]);
    let summary = |n, body: &str| {
        let Plan { outcome, .. } = plan(&delivery(n, "issues", body.to_owned().into(), &snapshot), &snapshot);
        match outcome.result {
            Normalized::Routed { event, .. } => event.summary,
            other => panic!("{other:?}"),
        }
    };
    let body =
        r#"{"action":"opened","issue":{"number":7,"title":"t","x":{"a":1,"b":2}},"repository":{"full_name":"o/r"}}"#;
    let marks = |n, body: &str| summary(n, body).iter().filter(|field| field.name == "ambiguous").count();
    assert_eq!(marks(1, body), 0);
    assert_eq!(marks(2, &body.replace("\"b\":2", "\"a\":2")), 1);
}

#[test]
fn a_ping_is_a_handshake_and_no_run() {
    let snapshot = snapshot(vec![route("triage", "triager", PerEntity)]);
    let ping = delivery(1, "ping", r#"{"zen":"Keep it simple.","hook_id":1,"hook":{}}"#.into(), &snapshot);
    let Normalized::Filtered { clause, .. } = plan(&ping, &snapshot).outcome.result else { panic!() };
    assert_eq!(clause, "provider handshake");
}

#[test]
fn an_unknown_profile_is_unroutable() {
    let mut snapshot = snapshot(vec![route("triage", "triager", PerEntity)]);
    snapshot.webhook.source = "carrier_pigeon".into();
    let Normalized::Unroutable { reason } = plan(&issue(1, 7, &snapshot), &snapshot).outcome.result else { panic!() };
    assert_eq!(reason, r#"this version has no source profile "carrier_pigeon""#);
}

#[test]
fn the_operators_words_come_after_the_fence() {
    let mut snapshot = snapshot(vec![route("triage", "triager", PerEntity), route("again", "triager", PerEntity)]);
    snapshot.webhook.routes[0].prompt_suffix = Some("Label it.".into());
    let plan = plan(&issue(1, 7, &snapshot), &snapshot);
    assert!(plan.requests[0].message.ends_with("\n---\nLabel it."));
    assert!(!plan.requests[1].message.contains("Label it."));
}

fn plan(delivery: &hookwheel_core::delivery::DeliveryReceived, snapshot: &Snapshot) -> Plan {
    let hookwheel_core::delivery::Body::Inline(body) = &delivery.body else { panic!() };
    normalize(delivery, body, snapshot)
}
