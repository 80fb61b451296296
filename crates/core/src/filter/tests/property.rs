//! Random conditions against an evaluator in another style: it makes every list of answers first and then counts.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Cannot,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conditions_agree_with_a_count_of_answers(body in body(), condition in condition()) {
        let given = Given { body: body.clone(), ..issue() };
        let read: Condition = serde_json::from_value(condition.clone()).unwrap();
        let filter = EventFilter { when: Some(read), ..EventFilter::default() };
        let verdict = filter.judge(&given);
        let wanted = match naive(&condition, &body) {
            Answer::Yes => Outcome::Passed,
            Answer::No => Outcome::Failed,
            Answer::Cannot => Outcome::Error,
        };
        prop_assert_eq!(verdict.clauses[0].outcome, wanted, "{} on {}", condition, body);
        prop_assert_eq!(verdict.passed(), wanted == Outcome::Passed);
        prop_assert_eq!(verdict.error().is_some(), wanted == Outcome::Error);
    }

    #[test]
    fn marks_are_found_in_any_company(before in ".{0,40}", after in ".{0,40}", seed in any::<u8>()) {
        let run = crate::ids::RunId::derive(
            &crate::ids::DeliveryId::parse("dlv_0190000000007000800000000000000a").unwrap(), "r", u32::from(seed));
        prop_assert_eq!(marked(&format!("{before}\n{}\n{after}", mark(&run))), Some(run));
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.0, -1.5]).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ]
}

/// An object with members `a` and `b`, sometimes lists, sometimes objects.
fn body() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        3 => scalar(),
        2 => prop::collection::vec(scalar(), 0..3).prop_map(Value::from),
        1 => Just(json!({ "x": 1 })),
    ];
    prop::collection::btree_map(prop::sample::select(vec!["a", "b"]), value, 0..3).prop_map(|map| json!(map))
}

fn condition() -> impl Strategy<Value = Value> {
    let operand = || scalar().prop_filter("no operand is null", |value| !value.is_null());
    let number = || operand().prop_filter("a number", Value::is_number);
    let operator = prop_oneof![
        operand().prop_map(|v| json!({ "equals": v })),
        operand().prop_map(|v| json!({ "not_equals": v })),
        operand().prop_map(|v| json!({ "contains": v })),
        prop::collection::vec(operand(), 1..3).prop_map(|v| json!({ "in": v })),
        any::<bool>().prop_map(|v| json!({ "exists": v })),
        "[ab]{1,2}".prop_map(|v| json!({ "matches": v })),
        number().prop_map(|v| json!({ "gt": v })),
        number().prop_map(|v| json!({ "lt": v })),
    ];
    let leaf = (prop::sample::select(vec!["body.a", "body.b", "body.c"]), operator)
        .prop_map(|(field, operator)| json!({ "test": { "field": field, "operator": operator } }));
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|parts| json!({ "all": parts })),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|parts| json!({ "any": parts })),
            inner.prop_map(|part| json!({ "not": part })),
        ]
    })
}

fn naive(condition: &Value, body: &Value) -> Answer {
    let (kind, inside) = condition.as_object().unwrap().iter().next().unwrap();
    let answers = || inside.as_array().unwrap().iter().map(|part| naive(part, body)).collect::<Vec<_>>();
    let count = |answers: &[Answer], one: Answer| answers.iter().filter(|answer| **answer == one).count();
    match kind.as_str() {
        "all" => match answers() {
            all if count(&all, Answer::No) > 0 => Answer::No,
            all if count(&all, Answer::Yes) == all.len() => Answer::Yes,
            _ => Answer::Cannot,
        },
        "any" => match answers() {
            all if count(&all, Answer::Yes) > 0 => Answer::Yes,
            all if count(&all, Answer::No) == all.len() => Answer::No,
            _ => Answer::Cannot,
        },
        "not" => match naive(inside, body) {
            Answer::Yes => Answer::No,
            Answer::No => Answer::Yes,
            Answer::Cannot => Answer::Cannot,
        },
        _ => leaf(inside, body),
    }
}

fn leaf(test: &Value, body: &Value) -> Answer {
    let name = test["field"].as_str().unwrap().trim_start_matches("body.");
    let (operator, operand) = test["operator"].as_object().unwrap().iter().next().unwrap();
    let whole = body.get(name).filter(|value| !value.is_null());
    let flat: Vec<&Value> = match whole {
        Some(Value::Array(items)) => items.iter().collect(),
        other => other.into_iter().collect(),
    };
    let same = |a: &Value, b: &Value| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    };
    let yes = |yes: bool| if yes { Answer::Yes } else { Answer::No };
    let each = |ask: &dyn Fn(&Value) -> Option<bool>| {
        let answers: Vec<_> = flat.iter().filter(|value| !value.is_null()).map(|value| ask(value)).collect();
        if answers.contains(&Some(true)) {
            Answer::Yes
        } else if answers.contains(&None) {
            Answer::Cannot
        } else {
            Answer::No
        }
    };
    match operator.as_str() {
        "equals" => yes(flat.iter().any(|value| same(value, operand))),
        "not_equals" => yes(!flat.iter().any(|value| same(value, operand))),
        "in" => yes(flat.iter().any(|value| operand.as_array().unwrap().iter().any(|one| same(value, one)))),
        "exists" => yes(whole.is_some() == operand.as_bool().unwrap()),
        "contains" => match (whole, operand) {
            (None, _) => Answer::No,
            (Some(Value::Array(items)), one) => yes(items.iter().any(|item| same(item, one))),
            (Some(Value::String(text)), Value::String(part)) => yes(text.contains(part)),
            _ => Answer::Cannot,
        },
        // The patterns are plain letters, so having a match is having them inside.
        "matches" => each(&|value| match value {
            Value::String(text) => Some(text.contains(operand.as_str().unwrap())),
            Value::Number(_) => Some(false),
            _ => None,
        }),
        "gt" => each(&|value| Some(value.as_f64()? > operand.as_f64().unwrap())),
        _ => each(&|value| Some(value.as_f64()? < operand.as_f64().unwrap())),
    }
}
