//! `when`: a condition on an event and its body, or a list of them that must all hold.

use hookwheel_core::filter::{Condition, Operand, Operator, Pattern, Place};
use hookwheel_runtime::settings::{Scalar, Table};

/// Conditions inside conditions, so deep.
const MAX_DEPTH: usize = 8;
const OPERATORS: [&str; 8] = ["equals", "not_equals", "contains", "in", "exists", "matches", "gt", "lt"];
const KINDS: [&str; 4] = ["field", "all", "any", "not"];

/// The condition of a webhook or a route, if it has one. What is wrong with it has been reported.
pub(super) fn read(table: &Table<'_>) -> Option<Condition> {
    if !table.has("when") {
        return None;
    }
    joined(parts(table, "when", MAX_DEPTH)?)
}

/// All must hold; one alone needs no list around it.
fn joined(mut parts: Vec<Condition>) -> Option<Condition> {
    match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(Condition::All(parts)),
    }
}

/// The conditions of a list; `None` when one has a mistake.
fn parts(table: &Table<'_>, key: &str, depth: usize) -> Option<Vec<Condition>> {
    if depth == 0 {
        let what = format!("conditions are nested over {MAX_DEPTH} deep");
        table.mistake(key, what, "split them over several routes");
        table.tables(key).iter().for_each(Table::ignore_rest);
        return None;
    }
    let tables = table.tables(key);
    if tables.is_empty() && table.kind(key) == Some("array") {
        table.mistake(key, format!("`{key}` is an empty list"), "remove it, or write a condition in it");
    }
    let read: Vec<_> = tables.iter().map(|table| condition(table, depth - 1)).collect();
    read.into_iter().collect()
}

fn condition(table: &Table<'_>, depth: usize) -> Option<Condition> {
    // Asked one and all, so that a name that is close to one of them is told so.
    OPERATORS.iter().for_each(|key| _ = table.has(key));
    let written: Vec<_> = KINDS.into_iter().filter(|key| table.has(key)).collect();
    let operators = OPERATORS.into_iter().filter(|key| table.has(key)).count();
    match written.as_slice() {
        ["field"] => field(table, operators),
        [_] if operators > 0 => {
            let what = "an operator stands beside `all`, `any` or `not`";
            table.mistake(
                OPERATORS.into_iter().find(|key| table.has(key))?,
                what,
                "move it to a `{ field = .. }` inside",
            );
            None
        }
        ["all"] => parts(table, "all", depth).map(Condition::All),
        ["any"] => parts(table, "any", depth).map(Condition::Any),
        ["not"] => not(table, depth),
        _ => {
            let remedy =
                "write `{ field = \"body.draft\", equals = false }`, or `all`, `any` or `not` around such ones";
            let what = "a condition has one of `field`, `all`, `any` and `not`";
            table.mistake(written.first().copied().unwrap_or("field"), what, remedy);
            table.ignore_rest();
            None
        }
    }
}

fn not(table: &Table<'_>, depth: usize) -> Option<Condition> {
    let mut inner = parts(table, "not", depth)?;
    if inner.len() == 1 {
        return inner.pop().map(Box::new).map(Condition::Not);
    }
    if inner.len() > 1 {
        table.mistake("not", "`not` takes one condition", "put `{ any = [..] }` or `{ all = [..] }` around them");
    }
    None
}

/// One place; several operators on it must all hold.
fn field(table: &Table<'_>, operators: usize) -> Option<Condition> {
    let text = table.opt_str("field");
    let place = text.as_deref().and_then(|text| match Place::parse(text) {
        Ok(place) => Some(place),
        Err(why) => {
            table.mistake("field", why.to_string(), "write it like \"body.pull_request.draft\"");
            None
        }
    });
    if operators == 0 {
        let known = OPERATORS.map(|name| format!("`{name}`")).join(", ");
        table.mistake("field", "this condition has no operator", format!("add one of {known}"));
    }
    let read: Vec<_> = OPERATORS.into_iter().filter(|key| table.has(key)).map(|key| operator(table, key)).collect();
    let place = place?;
    let operators = read.into_iter().collect::<Option<Vec<_>>>()?;
    joined(operators.into_iter().map(|operator| Condition::Test { field: place.clone(), operator }).collect())
}

fn operator(table: &Table<'_>, key: &'static str) -> Option<Operator> {
    match key {
        "equals" => operand(table, key).map(Operator::Equals),
        "not_equals" => operand(table, key).map(Operator::NotEquals),
        "contains" => operand(table, key).map(Operator::Contains),
        "in" => operands(table, key).map(Operator::In),
        "exists" => table.opt_bool(key).map(Operator::Exists),
        "matches" => pattern(table, key).map(Operator::Matches),
        "gt" => number(table, key).map(Operator::Gt),
        _ => number(table, key).map(Operator::Lt),
    }
}

fn operand(table: &Table<'_>, key: &str) -> Option<Operand> {
    let operand = table.scalar(key).map(of_scalar)?;
    if operand.is_none() {
        not_finite(table, key);
    }
    operand
}

fn operands(table: &Table<'_>, key: &str) -> Option<Vec<Operand>> {
    let all = table.scalars(key)?;
    if all.is_empty() {
        table.mistake(key, format!("`{key}` is an empty list"), "name at least one value");
        return None;
    }
    let all = all.into_iter().map(of_scalar).collect::<Option<Vec<_>>>();
    if all.is_none() {
        not_finite(table, key);
    }
    all
}

fn number(table: &Table<'_>, key: &str) -> Option<serde_json::Number> {
    match operand(table, key)? {
        Operand::Number(number) => Some(number),
        Operand::Text(_) | Operand::Bool(_) => {
            table.mistake(key, format!("`{key}` should be a number"), "write it without quotes");
            None
        }
    }
}

fn pattern(table: &Table<'_>, key: &str) -> Option<Pattern> {
    match Pattern::parse(table.opt_str(key)?) {
        Ok(pattern) => Some(pattern),
        Err(why) => {
            let remedy =
                "write one like \"^fix/[0-9]+\": without look-around and back-references, with small repetitions";
            table.mistake(key, why.to_string(), remedy);
            None
        }
    }
}

fn not_finite(table: &Table<'_>, key: &str) {
    table.mistake(key, format!("`{key}` holds a number that nothing can equal"), "write a finite one");
}

/// `None` for numbers that JSON does not have.
fn of_scalar(scalar: Scalar) -> Option<Operand> {
    Some(match scalar {
        Scalar::Text(text) => Operand::Text(text),
        Scalar::Bool(value) => Operand::Bool(value),
        Scalar::Whole(number) => Operand::Number(number.into()),
        Scalar::Fraction(number) => Operand::Number(serde_json::Number::from_f64(number)?),
    })
}
