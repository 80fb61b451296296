//! What no agent may be woken by: handshakes, ignored actors, and words that a run of ours wrote.

use super::*;
use crate::ids::{AgentName, DeliveryId, RunId, Slug, WebhookId};
use crate::webhook::{Action, Auth, Route, SessionMode, Webhook};

fn run() -> RunId {
    RunId::derive(&DeliveryId::parse("dlv_0190000000007000800000000000000a").unwrap(), "triage", 0)
}

fn webhook(own: Value, routes: &[Value]) -> Webhook {
    let route = |(at, json): (usize, &Value)| Route {
        name: format!("route-{at}"),
        events: filter(json.clone()),
        action: Action::Agent(AgentName::parse("triager").unwrap()),
        session: SessionMode::PerEntity,
        prompt_suffix: None,
    };
    let webhook = json!({
        "id": WebhookId::parse("wh_0123456789abcdef").unwrap(), "slug": Slug::parse("github").unwrap(), "enabled": true,
        "source": "github", "auth": Auth::None, "secrets": [], "events": filter(own), "max_body": 1,
        "entity_pointers": [], "delivery_key": null, "routes": routes.iter().enumerate().map(route).collect::<Vec<_>>(),
    });
    serde_json::from_value(webhook).unwrap()
}

#[test]
fn a_text_with_our_mark_wakes_nobody() {
    let mut given = issue();
    let open = webhook(json!({}), &[json!({})]);
    assert_eq!(decide(&open, &given).taken(), Ok(vec![0]));
    given.texts = vec![format!("Thanks, fixed.\r\n\r\n{}\r\n", mark(&run()))];
    let why = decide(&open, &given).taken().unwrap_err();
    assert_eq!(why, format!("written by {}: what an agent writes does not wake one", run()));
}

#[test]
fn only_a_mark_on_a_line_of_its_own_counts() {
    let own = mark(&run());
    assert_eq!(marked(&own), Some(run()));
    assert_eq!(marked(&format!("Text\n  {own}  \nmore")), Some(run()));
    for text in [format!("> {own}"), format!("a {own}"), own.replace("run_", "run-"), "<!-- hookwheel: -->".into()] {
        assert_eq!(marked(&text), None, "{text}");
    }
}

#[test]
fn an_ignored_actor_wakes_nobody() {
    let cases = [
        (Some("dependabot[bot]"), "actor \"dependabot[bot]\" is on the list of ignored actors"),
        (Some("Dependabot[Bot]"), "actor \"Dependabot[Bot]\" is on the list of ignored actors"),
        (Some("dependabot"), ""),
        (None, ""),
    ];
    for (actor, wanted) in cases {
        let mut given = issue();
        given.event.actor = actor.map(str::to_owned);
        assert_eq!(words(&filter(json!({ "ignore_actors": ["dependabot[bot]"] })), &given), wanted, "{actor:?}");
    }
}

#[test]
fn a_handshake_wakes_nobody() {
    let given = Given { handshake: true, ..issue() };
    assert_eq!(decide(&webhook(json!({}), &[json!({})]), &given).taken().unwrap_err(), "provider handshake");
}

#[test]
fn an_error_is_said_and_stops_only_where_it_stands() {
    let broken = json!({ "when": { "test": { "field": "event.actor", "operator": { "gt": 1 } } } });
    let words = "filter error: event.actor gt 1: text is not a number";
    let closed = json!({ "deny": ["issues"] });

    let one_works = decide(&webhook(json!({}), &[broken.clone(), json!({})]), &issue());
    assert_eq!((one_works.taken(), one_works.errors()), (Ok(vec![1]), vec![(Some(0), words.to_owned())]));

    let none_works = decide(&webhook(json!({}), &[closed.clone(), broken.clone()]), &issue());
    assert_eq!(none_works.taken().unwrap_err(), words, "an error is not mistaken for an event nobody wants");

    let whole = decide(&webhook(broken.clone(), std::slice::from_ref(&broken)), &issue());
    assert_eq!((whole.taken(), whole.errors()), (Err(words.to_owned()), vec![(None, words.to_owned())]));

    let unwanted = decide(&webhook(json!({}), std::slice::from_ref(&closed)), &issue());
    assert_eq!((unwanted.taken(), unwanted.errors()), (Err(NO_ROUTE.to_owned()), vec![]));

    let stopped = decide(&webhook(closed, &[broken]), &issue());
    assert_eq!(stopped.errors(), vec![], "nobody asked the routes behind a webhook that stopped the event");
}
