//! Filters: any filter that can be stored is answered for any body, and the answers follow the rules of logic.

use hookwheel_core::filter::{Condition, EventFilter, Outcome, Verdict};
use hookwheel_core::webhook::Webhook;
use hookwheel_sources::{Headers, Reading, Request, source};
use serde_json::json;

use crate::http_like::Parts;
use crate::{Target, trace};

pub(super) const TARGET: Target = Target {
    name: "filters",
    holds: "every stored filter is answered with its reason; not turns, and all or any of one is the one",
    run,
    seeds,
    weight: 1,
};

thread_local! {
    static WEBHOOK: Webhook = serde_json::from_value(json!({
        "id": "wh_0123456789abcdef", "slug": "a-hook", "enabled": true, "source": "generic", "auth": { "mode": "none" },
        "secrets": [], "events": {}, "max_body": 1_048_576, "entity_pointers": ["/id"], "delivery_key": null, "routes": [],
    })).expect("a webhook as it is stored");
}

fn run(input: &[u8]) -> u64 {
    let parts = Parts::of(input, 1);
    let Ok(filter) = serde_json::from_slice::<EventFilter>(parts.opening[0]) else { return 0 };
    let stored = serde_json::to_vec(&filter).expect("a filter is written");
    let again = serde_json::from_slice::<EventFilter>(&stored).expect("what is written is read");
    assert_eq!(again, filter, "another filter after storing it");

    let verdict = judged(&filter, parts.body, &parts.headers);
    let all_passed = verdict.clauses.iter().all(|clause| clause.outcome == Outcome::Passed);
    assert_eq!(verdict.passed(), all_passed, "passed with a clause that did not");
    for clause in &verdict.clauses {
        assert!((1..=300).contains(&clause.words().chars().count()), "words of a clause");
    }
    if let Some(condition) = &filter.when {
        laws(condition, &parts);
    }
    trace(verdict.clauses.iter().map(|clause| (clause.outcome as u8, clause.note.clone())).collect::<Vec<_>>())
}

fn laws(condition: &Condition, parts: &Parts<'_>) {
    let outcome = |when: Condition| {
        let filter = EventFilter { when: Some(when), ..EventFilter::default() };
        judged(&filter, parts.body, &parts.headers).clauses[0].outcome
    };
    let itself = outcome(condition.clone());
    assert_eq!(outcome(Condition::All(vec![condition.clone()])), itself, "all of one");
    assert_eq!(outcome(Condition::Any(vec![condition.clone()])), itself, "any of one");
    let turned = outcome(Condition::Not(Box::new(condition.clone())));
    let expected = match itself {
        Outcome::Passed => Outcome::Failed,
        Outcome::Failed => Outcome::Passed,
        Outcome::Error => Outcome::Error,
    };
    assert_eq!(turned, expected, "not of one");
}

fn judged(filter: &EventFilter, body: &[u8], headers: &Headers) -> Verdict {
    let profile = source("generic").expect("the generic profile");
    let request = Request { method: "POST", url: "", headers, body };
    let event = WEBHOOK.with(|webhook| profile.describe(webhook, &request));
    filter.judge(&Reading::new(headers, body).view(profile, &event))
}

fn seeds() -> Vec<Vec<u8>> {
    let body = r#"{"id":7,"action":"opened","n":1.5,"labels":[{"name":"bug"},"x"],"repo":"o/r","t":null,"a":{"b":[1,"2",true]}}"#;
    let test = |field: &str, operator: serde_json::Value| json!({ "test": { "field": field, "operator": operator } });
    let conditions = [
        test("body.action", json!({ "equals": "opened" })),
        test("body.n", json!({ "gt": 1 })),
        test("body.n", json!({ "lt": 1e30 })),
        test("body.a.b", json!({ "in": [1, "2", false] })),
        test("body.a.b.1", json!({ "not_equals": "2" })),
        test("body.labels.name", json!({ "contains": "bug" })),
        test("body.t", json!({ "exists": true })),
        test("event.type", json!({ "matches": "^(a|b)+$" })),
        test("facts.id", json!({ "matches": "(?i)x{1,3}\\d" })),
    ];
    let both = json!({ "all": conditions.clone() });
    let either = json!({ "any": [{ "not": both.clone() }, { "all": [] }, { "any": [] }] });
    let filters = conditions.into_iter().chain([both, either]).map(|when| json!({ "when": when })).chain([
        json!({ "allow": ["push", "issues.opened"], "deny": ["x"], "ignore_actors": ["Bot"] }),
        json!({ "fields": { "repos": ["o/r"], "labels": ["bug"], "actions": ["opened"], "branches": ["main"] } }),
    ]);
    filters.map(|filter| format!("{filter}\nx-event: push\n\n{body}").into_bytes()).collect()
}
