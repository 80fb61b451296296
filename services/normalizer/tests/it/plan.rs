//! The translation itself.

use hookwheel_core::event::Normalized;
use hookwheel_core::filter::EventFilter;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::SessionMode::{PerDelivery, PerEntity};
use hookwheel_normalizer::{Plan, normalize};
use hookwheel_proto::record;

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
fn filters_stop_events_and_say_which_clause_did() {
    let filter = |allow: &[&str], deny: &[&str]| EventFilter {
        allow: allow.iter().map(ToString::to_string).collect(),
        deny: deny.iter().map(ToString::to_string).collect(),
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
