//! Trigger fields of real bodies, places of any body, and which texts are new.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Asks something of a body of this source.
fn asked<T>(source: &str, headers: &[(&str, &str)], body: &[u8], ask: impl Fn(&EventView<'_, '_>) -> T) -> T {
    let source = crate::source(source).or_else(|| crate::source("generic")).unwrap();
    let headers = Headers(headers.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect());
    let text = text(&Request { method: "POST", url: "", headers: &headers, body });
    ask(&Reading::new(&headers, &text).view(source, &Event::default()))
}

/// What the body has in a field by the table of this source, whether or not there is a profile for it here.
fn field(source: &str, field: TriggerField, body: &Value) -> Option<Vec<String>> {
    let (headers, text) = (Headers(vec![("sentry-hook-resource".into(), b"issue".to_vec())]), body.to_string());
    let reading = Reading::new(&headers, text.as_bytes());
    let event = Event::default();
    let row = attributes::rows(source).iter().find(|row| row.field == field).unwrap();
    match reading.view(crate::source("generic").unwrap(), &event).attribute(row) {
        Attribute::NotApplicable => None,
        Attribute::Values(values) => Some(values.into_iter().map(Cow::into_owned).collect()),
    }
}

#[test]
fn each_source_keeps_its_fields_where_the_table_says() {
    use TriggerField::*;
    let pull = json!({ "action": "opened", "repository": { "full_name": "o/r" }, "pull_request": {
        "head": { "ref": "fix" }, "base": { "ref": "main" }, "user": { "login": "ada" }, "assignee": null,
        "labels": [{ "name": "bug" }, { "name": "p1" }] } });
    let check = json!({ "check_run": { "conclusion": null, "check_suite": { "head_branch": "fix" } } });
    let slash = json!({ "type": 2, "guild_id": "2", "data": { "name": "triage" } });
    let button = json!({ "type": 3, "guild_id": "2", "channel_id": "9", "data": { "custom_id": "x" } });
    let none: Option<&[&str]> = None;
    let cases: &[(&str, TriggerField, &Value, Option<&[&str]>)] = &[
        ("github", Repos, &pull, Some(&["o/r"])),
        ("github", Orgs, &pull, Some(&["o"])),
        ("github", Orgs, &json!({ "organization": { "login": "o" } }), Some(&["o"])),
        ("github", Actions, &pull, Some(&["opened"])),
        ("github", Actions, &json!({}), Some(&[])),
        ("github", Labels, &pull, Some(&["bug", "p1"])),
        ("github", Author, &pull, Some(&["ada"])),
        ("github", Assignee, &pull, Some(&[])),
        ("github", Branches, &pull, Some(&["fix"])),
        ("github", Branches, &json!({ "ref": "refs/heads/a/b" }), Some(&["a/b"])),
        ("github", Branches, &json!({ "ref": "refs/tags/v1" }), Some(&["refs/tags/v1"])),
        ("github", Branches, &json!({ "issue": {} }), none),
        ("github", Branches, &check, Some(&["fix"])),
        ("github", Conclusions, &check, none),
        ("github", Conclusions, &json!({ "workflow_run": { "conclusion": "failure" } }), Some(&["failure"])),
        ("gitlab", Labels, &json!({ "labels": [{ "title": "API" }] }), Some(&["API"])),
        ("gitlab", Author, &json!({ "object_attributes": { "author_id": 51 } }), Some(&["51"])),
        ("linear", Assignee, &json!({ "data": { "assignee": { "email": "a@b" } } }), Some(&["a@b"])),
        ("sentry", Resources, &json!({}), Some(&["issue"])),
        (
            "sentry",
            Projects,
            &json!({ "data": { "metric_alert": { "projects": ["web", "api"] } } }),
            Some(&["web", "api"]),
        ),
        ("slack", Channels, &json!({ "event": { "channel": "C1" } }), Some(&["C1"])),
        ("slack", Channels, &json!({ "event": { "item": { "channel": "C1" } } }), Some(&[])),
        ("discord", Channels, &slash, none),
        ("discord", Channels, &button, Some(&["9"])),
        ("discord", Guilds, &json!({ "type": 1 }), Some(&[])),
        ("discord", Commands, &slash, Some(&["triage"])),
        ("discord", Commands, &button, none),
        ("mintlify", Branches, &json!({}), Some(&["main"])),
        ("mintlify", Projects, &json!({ "organization": "acme" }), Some(&["acme"])),
        ("stripe", Resources, &json!({ "data": { "object": { "object": "invoice" } } }), Some(&["invoice"])),
        ("pagerduty", Resources, &json!({ "event": { "resource_type": "incident" } }), Some(&["incident"])),
    ];
    for (source, of, body, wanted) in cases {
        let wanted = wanted.map(|values| values.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(field(source, *of, body), wanted, "{source} {of} {body}");
    }
}

#[test]
fn every_source_names_a_field_once_and_none_has_what_it_does_not_know() {
    for source in
        ["github", "gitlab", "linear", "sentry", "slack", "discord", "mintlify", "stripe", "pagerduty", "x", "generic"]
    {
        let fields: Vec<_> = trigger_fields(source).collect();
        let single: std::collections::BTreeSet<_> = fields.iter().collect();
        assert!(!fields.is_empty() && single.len() == fields.len(), "{source}");
    }
    let guilds = asked("github", &[], b"{\"guild_id\":\"2\"}", |view| {
        view.field(TriggerField::Guilds) == Attribute::Values(vec![])
    });
    assert!(guilds);
}

#[test]
fn a_form_is_looked_into_like_the_body_it_carries() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = b"payload=%7B%22action%22%3A%22opened%22%7D";
    let actions = asked("github", &form, body, |view| {
        view.field(TriggerField::Actions) == Attribute::Values(vec!["opened".into()])
    });
    assert!(actions);
    assert!(asked("github", &[], b"no json", |view| view.field(TriggerField::Actions) == Attribute::Values(vec![])));
}

#[test]
fn only_what_was_written_with_the_event_is_new() {
    let mark = "<!-- hookwheel:run_x -->";
    let issue = |action: &str| json!({ "action": action, "issue": { "body": mark } });
    let comment =
        json!({ "action": "created", "issue": { "body": mark }, "comment": { "body": format!("no {mark}") } });
    let human = json!({ "action": "created", "issue": { "body": mark }, "comment": { "body": "Please do" } });
    let cases = [
        (issue("opened"), vec![mark.to_owned()]),
        (issue("labeled"), vec![]),
        (comment, vec![format!("no {mark}")]),
        (human, vec!["Please do".to_owned()]),
        (json!({ "action": "opened", "issue": { "body": "nothing of ours" } }), vec![]),
    ];
    for (body, wanted) in cases {
        let texts = asked("github", &[], body.to_string().as_bytes(), |view| {
            view.new_texts().into_iter().map(Cow::into_owned).collect::<Vec<_>>()
        });
        assert_eq!(texts, wanted, "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// The oracle writes down every place of the document first and then asks which of them the path means.
    #[test]
    fn a_path_means_what_a_list_of_all_places_says(body in body(), path in prop::collection::vec("[ab01]", 1..4)) {
        let mut places = Vec::new();
        all_places(&body, &mut Vec::new(), &mut places);
        let wanted: Vec<_> = places.iter().filter(|(place, _)| means(&path, place)).map(|(_, value)| value.to_string()).collect();
        let found: Vec<String> = {
            let text = body.to_string();
            let json = json::parse(text.as_bytes()).unwrap();
            walk(json, &mut path.iter().map(String::as_str)).iter().map(|value| value.raw().to_owned()).collect()
        };
        prop_assert_eq!(found, wanted, "{:?} in {}", path, body);
    }
}

fn body() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), (0..9).prop_map(Value::from), "[a-c]{0,2}".prop_map(Value::from)];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[ab01]", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

#[derive(Clone)]
enum Step {
    Name(String),
    Item(usize),
}

fn all_places<'a>(value: &'a Value, at: &mut Vec<Step>, places: &mut Vec<(Vec<Step>, &'a Value)>) {
    places.push((at.clone(), value));
    let inside: Vec<(Step, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(name, value)| (Step::Name(name.clone()), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, value)| (Step::Item(n), value)).collect(),
        _ => Vec::new(),
    };
    for (step, value) in inside {
        at.push(step);
        all_places(value, at, places);
        at.pop();
    }
}

/// Whether a path means a place: a name is a member's, a number an item's, and a name may skip one item before it.
fn means(path: &[String], place: &[Step]) -> bool {
    match (path, place) {
        ([], []) => true,
        ([name, rest @ ..], [Step::Name(member), after @ ..]) => name == member && means(rest, after),
        ([number, rest @ ..], [Step::Item(at), after @ ..]) if number.parse::<usize>().is_ok() => {
            number.parse() == Ok(*at) && means(rest, after)
        }
        ([name, rest @ ..], [Step::Item(_), Step::Name(member), after @ ..]) => name == member && means(rest, after),
        _ => false,
    }
}
