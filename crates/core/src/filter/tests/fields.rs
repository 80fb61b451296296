//! Lists of event types and trigger fields: absent means any, "and" between fields, "or" inside one, exact.

use super::*;

#[test]
fn lists_of_event_types_take_exact_types_and_whole_families() {
    let cases = [
        (json!({}), Some("issues.opened"), ""),
        (json!({ "allow": ["issues.opened"] }), Some("issues.opened"), ""),
        (json!({ "allow": ["issues"] }), Some("issues.opened"), ""),
        (json!({ "allow": ["issue"] }), Some("issues.opened"), "event type is not on the allow list"),
        (json!({ "allow": ["Issues"] }), Some("issues.opened"), "event type is not on the allow list"),
        (json!({ "allow": ["issues.op"] }), Some("issues.opened"), "event type is not on the allow list"),
        (json!({ "allow": ["issues"] }), None, "there is an allow list and the delivery has no event type"),
        (json!({ "deny": ["issues"] }), None, ""),
        (json!({ "deny": ["issues"] }), Some("issues.opened"), "event type is on the deny list"),
        (
            json!({ "allow": ["issues"], "deny": ["issues.opened"] }),
            Some("issues.opened"),
            "event type is on the deny list",
        ),
    ];
    for (json, event_type, wanted) in cases {
        let mut given = issue();
        given.event.event_type = event_type.map(str::to_owned);
        assert_eq!(words(&filter(json.clone()), &given), wanted, "{json} {event_type:?}");
    }
}

#[test]
fn a_trigger_field_wants_one_value_exactly() {
    let cases = [
        (json!({ "repos": [] }), ""),
        (json!({ "repos": ["other/one", "octo/hello"] }), ""),
        (json!({ "repos": ["Octo/Hello"] }), "not met: repos one of \"Octo/Hello\" (seen: \"octo/hello\")"),
        (json!({ "repos": ["octo/*"] }), "not met: repos one of \"octo/*\" (seen: \"octo/hello\")"),
        (json!({ "labels": ["p1", "p2"] }), ""),
        (json!({ "labels": ["p2"] }), "not met: labels one of \"p2\" (seen: \"bug\", \"p1\")"),
        (json!({ "actions": ["opened"] }), "not met: actions one of \"opened\" (the event has none)"),
        (json!({ "branches": ["main"] }), ""),
        (json!({ "guilds": ["1"] }), "not met: guilds one of \"1\" (the event has none)"),
        (json!({ "repos": ["octo/hello"], "labels": ["p2"] }), "not met: labels one of \"p2\" (seen: \"bug\", \"p1\")"),
    ];
    for (fields, wanted) in cases {
        assert_eq!(words(&filter(json!({ "fields": fields.clone() })), &issue()), wanted, "{fields}");
    }
}

#[test]
fn every_clause_is_asked_and_the_first_that_failed_has_decided() {
    let filter = filter(json!({
        "allow": ["issues"],
        "fields": { "repos": ["a/b"], "branches": ["main"], "labels": ["bug"] },
        "when": { "test": { "field": "body.issue.number", "operator": { "gt": 100 } } },
    }));
    let verdict = filter.judge(&issue());
    let outcomes: Vec<_> = verdict.clauses.iter().map(|clause| (clause.rule.as_str(), clause.outcome)).collect();
    assert_eq!(
        outcomes,
        [
            ("event type one of \"issues\"", Outcome::Passed),
            ("repos one of \"a/b\"", Outcome::Failed),
            ("labels one of \"bug\"", Outcome::Passed),
            ("branches one of \"main\"", Outcome::Passed),
            ("body.issue.number gt 100", Outcome::Failed),
        ]
    );
    assert_eq!(verdict.clauses[3].note.as_deref(), Some("does not apply to this event"));
    assert_eq!(verdict.decided_by().unwrap().rule, "repos one of \"a/b\"");
}

#[test]
fn an_older_snapshot_still_reads_and_keeps_its_bytes() {
    let old = r#"{"allow":["issues"],"deny":[]}"#;
    let read: EventFilter = serde_json::from_str(old).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
    let new = json!({
        "allow": [], "deny": [], "ignore_actors": ["a"], "fields": { "repos": ["a/b"] },
        "when": { "any": [
            { "not": { "test": { "field": "facts.head_branch", "operator": { "matches": "^x+$" } } } },
            { "all": [{ "test": { "field": "event.actor", "operator": { "in": ["a", 7, 1.5, true] } } }] },
        ] },
    });
    assert_eq!(serde_json::to_value(filter(new.clone())).unwrap(), new);
}
