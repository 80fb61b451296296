//! `when`: what each operator says of present, absent and unfit values, and how answers combine.

use super::*;

fn outcome(condition: Value) -> (Outcome, String) {
    let verdict = filter(json!({ "when": condition })).judge(&issue());
    (verdict.clauses[0].outcome, verdict.clauses[0].words())
}

fn test(field: &str, operator: Value) -> Value {
    json!({ "test": { "field": field, "operator": operator } })
}

#[test]
fn each_operator_says_yes_no_or_that_it_cannot_say() {
    use Outcome::{Error, Failed, Passed};
    let cases = [
        ("body.issue.number", json!({ "equals": 7 }), Passed),
        ("body.issue.number", json!({ "equals": 7.0 }), Passed),
        ("body.issue.number", json!({ "equals": "7" }), Failed),
        ("body.issue.big", json!({ "equals": 9_007_199_254_740_993_u64 }), Passed),
        ("body.issue.big", json!({ "equals": 9_007_199_254_740_992_u64 }), Failed),
        ("body.issue.draft", json!({ "equals": false }), Passed),
        ("body.issue.tags", json!({ "equals": "b" }), Passed),
        ("body.issue.labels.name", json!({ "equals": "p1" }), Passed),
        ("body.issue.absent", json!({ "equals": "b" }), Failed),
        ("body.issue.closed_at", json!({ "equals": "b" }), Failed),
        ("body.issue.title", json!({ "not_equals": "b" }), Passed),
        ("body.issue.absent", json!({ "not_equals": "b" }), Passed),
        ("body.issue.tags", json!({ "not_equals": "b" }), Failed),
        ("body.issue.title", json!({ "contains": "break" }), Passed),
        ("body.issue.title", json!({ "contains": "Break" }), Failed),
        ("body.issue.title", json!({ "contains": 7 }), Error),
        ("body.issue.tags", json!({ "contains": "a" }), Passed),
        ("body.issue.tags", json!({ "contains": "" }), Failed),
        ("body.issue.number", json!({ "contains": "7" }), Error),
        ("body.issue", json!({ "contains": "number" }), Error),
        ("body.issue.number", json!({ "in": [1, 7] }), Passed),
        ("body.issue.number", json!({ "in": ["7"] }), Failed),
        ("body.issue.title", json!({ "exists": true }), Passed),
        ("body.issue.closed_at", json!({ "exists": true }), Failed),
        ("body.issue.closed_at", json!({ "exists": false }), Passed),
        ("body.issue.absent", json!({ "exists": false }), Passed),
        ("body.issue.title", json!({ "matches": "^It .*s$" }), Passed),
        ("body.issue.title", json!({ "matches": "^it" }), Failed),
        ("body.issue.title", json!({ "matches": "(?i)^it" }), Passed),
        ("body.issue.labels.name", json!({ "matches": "^p[0-9]$" }), Passed),
        ("body.issue", json!({ "matches": "x" }), Error),
        ("body.issue.absent", json!({ "matches": "x" }), Failed),
        ("body.issue.score", json!({ "gt": 1 }), Passed),
        ("body.issue.score", json!({ "lt": 1.5 }), Failed),
        ("body.issue.big", json!({ "gt": 9_007_199_254_740_992_u64 }), Passed),
        ("body.issue.title", json!({ "gt": 1 }), Error),
        ("body.issue.absent", json!({ "lt": 1 }), Failed),
        ("body.issue.closed_at", json!({ "lt": 1 }), Failed),
        ("event.type", json!({ "equals": "issues.opened" }), Passed),
        ("event.entity", json!({ "contains": ":issue:" }), Passed),
        ("event.actor", json!({ "in": ["ada"] }), Passed),
        ("facts.head_branch", json!({ "equals": "main" }), Passed),
        ("facts.number", json!({ "gt": 1 }), Error),
    ];
    for (field, operator, wanted) in cases {
        assert_eq!(outcome(test(field, operator.clone())).0, wanted, "{field} {operator}");
    }
}

#[test]
fn what_cannot_be_said_yields_to_a_certain_answer_only() {
    use Outcome::{Error, Failed, Passed};
    let (yes, no, error) = (
        test("body.issue.number", json!({ "equals": 7 })),
        test("body.issue.number", json!({ "equals": 8 })),
        test("body.issue.title", json!({ "gt": 1 })),
    );
    let cases = [
        (json!({ "all": [yes, error] }), Error),
        (json!({ "all": [error, no] }), Failed),
        (json!({ "any": [error, yes] }), Passed),
        (json!({ "any": [no, error] }), Error),
        (json!({ "not": error }), Error),
        (json!({ "not": yes }), Failed),
        (json!({ "not": no }), Passed),
    ];
    for (condition, wanted) in cases {
        assert_eq!(outcome(condition.clone()).0, wanted, "{condition}");
    }
}

#[test]
fn the_words_name_the_part_that_decided() {
    let cases = [
        (
            json!({ "all": [test("event.actor", json!({ "equals": "ada" })), test("body.issue.number", json!({ "gt": 9 }))] }),
            "not met: body.issue.number gt 9 (seen: 7)",
        ),
        (
            json!({ "any": [test("event.actor", json!({ "equals": "bob" })), test("body.issue.number", json!({ "gt": 9 }))] }),
            "not met: any of (event.actor equals \"bob\"; body.issue.number gt 9)",
        ),
        (
            json!({ "not": test("event.actor", json!({ "equals": "ada" })) }),
            "not met: not (event.actor equals \"ada\")",
        ),
        (test("body.issue.title", json!({ "gt": 5 })), "filter error: body.issue.title gt 5: text is not a number"),
        (
            test("body.issue.absent", json!({ "equals": true })),
            "not met: body.issue.absent equals true (there is no such value)",
        ),
    ];
    for (condition, wanted) in cases {
        assert_eq!(outcome(condition).1, wanted);
    }
}

#[test]
fn credentials_are_never_shown_and_long_values_are_cut() {
    let shown = |field: &str, operator: Value, given: &Given| {
        serde_json::to_string(&filter(json!({ "when": test(field, operator) })).judge(given)).unwrap()
    };
    let text = shown("body.token", json!({ "equals": "hunter3" }), &issue());
    assert!(text.contains("***") && !text.contains("hunter"), "{text}");
    let mut given = issue();
    given.body["issue"]["title"] = json!("use ghp_0123456789abcdef0123 please");
    let text = shown("body.issue.title", json!({ "contains": "x" }), &given);
    assert!(text.contains("***") && !text.contains("ghp_"), "{text}");
    given.body["issue"]["title"] = json!("é".repeat(500));
    let verdict = filter(json!({ "when": test("body.issue.title", json!({ "equals": "x" })) })).judge(&given);
    assert_eq!(verdict.clauses[0].seen[0].chars().count(), 82, "80 characters and two quotes");
    assert!(verdict.clauses[0].words().chars().count() <= 300);
}

#[test]
fn a_pattern_is_bounded() {
    assert_eq!(Pattern::parse("(").unwrap_err(), BadPattern::Syntax);
    assert_eq!(Pattern::parse("(?=x)").unwrap_err(), BadPattern::Syntax);
    assert_eq!(Pattern::parse("x".repeat(1001)).unwrap_err(), BadPattern::TooLong);
    assert_eq!(Pattern::parse(r"\w{1,200}{1,200}").unwrap_err(), BadPattern::TooLarge);
    let mut given = issue();
    given.body["issue"]["title"] = json!("a".repeat(MAX_TEXT + 1));
    let long = filter(json!({ "when": test("body.issue.title", json!({ "matches": "b" })) })).judge(&given);
    assert_eq!(long.error().unwrap(), "filter error: body.issue.title matches \"b\": the text is over 64 KiB");
    let foreign = filter(json!({ "when": test("event.actor", json!({ "matches": "(" })) })).judge(&issue());
    assert!(foreign.error().unwrap().contains("cannot compile"), "a pattern from elsewhere is an error, not a panic");
}

#[test]
fn a_place_has_a_root_and_no_empty_names() {
    for bad in ["", "body", "body.", "body..a", "head.x", "event.text", "facts.", "issue.number"] {
        assert!(Place::parse(bad).is_err(), "{bad:?}");
    }
    for good in ["body.a", "body.a.0.b-c", "facts.head_branch", "event.type"] {
        assert_eq!(Place::parse(good).unwrap().to_string(), good);
    }
}
