//! `when`: operators over places in an event and its body, joined by all, any and not.

use serde::{Deserialize, Serialize};

use super::View;
use super::pattern::Pattern;
use super::place::Place;
use super::seen::{Seen, compare, quoted, show};
use super::verdict::{Clause, Outcome};

/// A condition on an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Each of these holds.
    All(Vec<Condition>),
    /// At least one of these holds.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
    /// One place, one operator.
    Test {
        /// Where to look.
        field: Place,
        /// What to ask.
        operator: Operator,
    },
}

/// A question about the values of a place. Of several values one that answers it is enough, but for `not_equals`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// A value, or an item of a list, is this. Text is compared exactly; `7` and `"7"` differ, `7` and `7.0` do not.
    Equals(Operand),
    /// None is this; also when there is none.
    NotEquals(Operand),
    /// A text has this text in it, or a list this item.
    Contains(Operand),
    /// A value is one of these.
    In(Vec<Operand>),
    /// Whether there is a value other than `null`.
    Exists(bool),
    /// A text has a match of this pattern.
    Matches(Pattern),
    /// A number is greater than this.
    Gt(serde_json::Number),
    /// A number is less than this.
    Lt(serde_json::Number),
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Operand {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number or a fraction.
    Number(serde_json::Number),
    /// Text.
    Text(String),
}

impl Condition {
    pub(super) fn clause(&self, view: &dyn View) -> Clause {
        let ask = |parts: &[Condition]| parts.iter().map(|part| part.clause(view)).collect::<Vec<_>>();
        let outcomes = |parts: &[Clause]| parts.iter().map(|part| part.outcome).collect::<Vec<_>>();
        match self {
            Self::All(parts) => {
                let parts = ask(parts);
                Clause::new(format!("all of ({})", rules(&parts)), Outcome::all(outcomes(&parts))).of_parts(parts)
            }
            Self::Any(parts) => {
                let parts = ask(parts);
                Clause::new(format!("any of ({})", rules(&parts)), Outcome::any(outcomes(&parts))).of_parts(parts)
            }
            Self::Not(inner) => {
                let inner = inner.clause(view);
                Clause::new(format!("not ({})", inner.rule), inner.outcome.turned()).of_parts(vec![inner])
            }
            Self::Test { field, operator } => test(field, operator, view),
        }
    }
}

fn rules(parts: &[Clause]) -> String {
    parts.iter().map(|part| part.rule.as_str()).collect::<Vec<_>>().join("; ")
}

fn test(field: &Place, operator: &Operator, view: &dyn View) -> Clause {
    let values = field.look(view);
    let hidden = field.is_hidden();
    let rule =
        if hidden { format!("{field} {} ***", operator.name()) } else { format!("{field} {}", operator.words()) };
    let seen = show(&values, hidden);
    match operator.holds(&values) {
        Ok(holds) if values.is_empty() && !holds => Clause::new(rule, Outcome::Failed).noting("there is no such value"),
        Ok(holds) => Clause::new(rule, Outcome::of(holds)).seeing(seen),
        Err(why) => Clause::new(rule, Outcome::Error).seeing(seen).noting(why),
    }
}

impl Operator {
    fn holds(&self, values: &[Seen<'_>]) -> Result<bool, String> {
        match self {
            Self::Equals(wanted) => Ok(has(values, wanted)),
            Self::NotEquals(wanted) => Ok(!has(values, wanted)),
            Self::In(wanted) => Ok(wanted.iter().any(|wanted| has(values, wanted))),
            Self::Exists(wanted) => Ok(values.iter().any(|value| *value != Seen::Null) == *wanted),
            Self::Contains(wanted) => one_holds(values.iter(), |value| contains(value, wanted)),
            Self::Matches(pattern) => one_holds(items(values), |value| match value {
                Seen::Text(text) | Seen::Number(text) => pattern.finds(text),
                other => Err(format!("{} cannot be matched", other.kind())),
            }),
            Self::Gt(wanted) => one_holds(items(values), |value| ordered(value, wanted).map(|order| order.is_gt())),
            Self::Lt(wanted) => one_holds(items(values), |value| ordered(value, wanted).map(|order| order.is_lt())),
        }
    }

    /// Its name in the configuration.
    fn name(&self) -> &'static str {
        match self {
            Self::Equals(_) => "equals",
            Self::NotEquals(_) => "not_equals",
            Self::Contains(_) => "contains",
            Self::In(_) => "in",
            Self::Exists(_) => "exists",
            Self::Matches(_) => "matches",
            Self::Gt(_) => "gt",
            Self::Lt(_) => "lt",
        }
    }

    fn words(&self) -> String {
        let with = match self {
            Self::Equals(wanted) | Self::NotEquals(wanted) | Self::Contains(wanted) => wanted.shown(),
            Self::In(wanted) => format!("[{}]", wanted.iter().map(Operand::shown).collect::<Vec<_>>().join(", ")),
            Self::Exists(wanted) => wanted.to_string(),
            Self::Matches(pattern) => quoted(pattern.source()),
            Self::Gt(number) | Self::Lt(number) => number.to_string(),
        };
        format!("{} {with}", self.name())
    }
}

/// One answer of yes is enough; without one, a value that cannot be asked leaves the whole without an answer. `null` is
/// as good as nothing there.
fn one_holds<'s, 'v: 's>(
    values: impl Iterator<Item = &'s Seen<'v>>,
    ask: impl Fn(&Seen<'v>) -> Result<bool, String>,
) -> Result<bool, String> {
    let mut trouble = None;
    for value in values.filter(|value| **value != Seen::Null) {
        match ask(value) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => trouble = trouble.or(Some(why)),
        }
    }
    trouble.map_or(Ok(false), Err)
}

/// The values, lists as their items.
fn items<'s, 'v>(values: &'s [Seen<'v>]) -> impl Iterator<Item = &'s Seen<'v>> {
    values.iter().flat_map(|value| match value {
        Seen::List(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    })
}

fn has(values: &[Seen<'_>], wanted: &Operand) -> bool {
    items(values).any(|value| wanted.is(value))
}

fn contains(value: &Seen<'_>, wanted: &Operand) -> Result<bool, String> {
    match (value, wanted) {
        (Seen::Text(text), Operand::Text(wanted)) => Ok(text.contains(wanted.as_str())),
        (Seen::List(items), wanted) => Ok(items.iter().any(|item| wanted.is(item))),
        (Seen::Text(_), _) => Err("a text contains only text".to_owned()),
        (other, _) => Err(format!("{} contains nothing", other.kind())),
    }
}

fn ordered(value: &Seen<'_>, wanted: &serde_json::Number) -> Result<std::cmp::Ordering, String> {
    let number = match value {
        Seen::Number(text) => Some(text),
        _ => None,
    };
    let order = number.and_then(|text| compare(text, &wanted.to_string()));
    order.ok_or_else(|| format!("{} is not a number", value.kind()))
}

impl Operand {
    fn is(&self, value: &Seen<'_>) -> bool {
        match (self, value) {
            (Self::Bool(wanted), Seen::Bool(value)) => wanted == value,
            (Self::Text(wanted), Seen::Text(value)) => wanted == value,
            (Self::Number(wanted), Seen::Number(value)) => {
                compare(value, &wanted.to_string()).is_some_and(std::cmp::Ordering::is_eq)
            }
            _ => false,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => quoted(text),
        }
    }
}
