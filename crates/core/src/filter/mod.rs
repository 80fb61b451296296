//! Which events go on, and why: lists of event types, trigger fields, conditions, and the guard against one's own words.
//!
//! A filter asks a [`View`] of the event, which knows the provider and the body; nothing here does. Every clause is asked
//! and kept in the [`Verdict`]; the first one that failed has decided. A clause that cannot be answered (a text where a
//! number is compared) is neither: it stops the event too, and says that it is an error.

mod condition;
mod decide;
mod field;
mod guard;
mod pattern;
mod place;
mod seen;
mod verdict;

#[cfg(test)]
mod tests;

pub use condition::{Condition, Operand, Operator};
pub use decide::{Decision, NO_ROUTE, decide};
pub use field::{Attribute, TriggerField};
pub use guard::{mark, marked};
pub use pattern::{BadPattern, MAX_TEXT, Pattern};
pub use place::{NoPlace, Place};
pub use seen::Seen;
pub use verdict::{Clause, Outcome, Verdict};

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::Event;
use field::listed;
use seen::quoted;

/// An event as filters see it.
pub trait View {
    /// What the delivery means.
    fn event(&self) -> &Event;

    /// Whether it only says that the provider has found us.
    fn is_handshake(&self) -> bool;

    /// What the event has in a trigger field.
    fn field(&self, field: TriggerField) -> Attribute<'_>;

    /// The values at this path of the body: nothing, one, or several when a list is on the way.
    fn body(&self, path: &[String]) -> Vec<Seen<'_>>;

    /// The texts that were written with this event: a new comment, not the issue it stands under.
    fn new_texts(&self) -> Vec<Cow<'_, str>>;
}

/// Which events go on. Empty parts let everything through; the others must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EventFilter {
    /// Only these event types, unless empty.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Never these event types.
    #[serde(default)]
    pub deny: Vec<String>,
    /// Never what these actors did. Without regard to ASCII case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_actors: Vec<String>,
    /// Trigger fields, each with the values wanted; exact and case-sensitive.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<TriggerField, Vec<String>>,
    /// A condition on event and body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

impl EventFilter {
    /// Asks every clause.
    pub fn judge(&self, view: &dyn View) -> Verdict {
        let event = view.event();
        let lists = [
            self.actor(event.actor.as_deref()),
            self.denied(event.event_type.as_deref()),
            self.allowed(event.event_type.as_deref()),
        ];
        let fields = self.fields.iter().filter(|(_, wanted)| !wanted.is_empty());
        let fields = fields.map(|(field, wanted)| field.clause(wanted, view.field(*field)));
        let when = self.when.iter().map(|condition| condition.clause(view));
        Verdict { clauses: lists.into_iter().flatten().chain(fields).chain(when).collect() }
    }

    fn actor(&self, actor: Option<&str>) -> Option<Clause> {
        let rule = || format!("actor none of {}", listed(&self.ignore_actors));
        (!self.ignore_actors.is_empty()).then(|| match actor {
            None => Clause::new(rule(), Outcome::Passed).noting("the event names no actor"),
            Some(actor) if guard::has_actor(&self.ignore_actors, actor) => Clause::new(rule(), Outcome::Failed)
                .seeing(vec![quoted(actor)])
                .failing_as(format!("actor {} is on the list of ignored actors", quoted(actor))),
            Some(actor) => Clause::new(rule(), Outcome::Passed).seeing(vec![quoted(actor)]),
        })
    }

    fn denied(&self, event_type: Option<&str>) -> Option<Clause> {
        (!self.deny.is_empty()).then(|| {
            let denied = event_type.is_some_and(|event| on_list(&self.deny, event));
            type_clause(format!("event type none of {}", listed(&self.deny)), !denied, event_type)
                .failing_as("event type is on the deny list")
        })
    }

    fn allowed(&self, event_type: Option<&str>) -> Option<Clause> {
        (!self.allow.is_empty()).then(|| {
            let allowed = event_type.is_some_and(|event| on_list(&self.allow, event));
            let why = match event_type {
                Some(_) => "event type is not on the allow list",
                None => "there is an allow list and the delivery has no event type",
            };
            type_clause(format!("event type one of {}", listed(&self.allow)), allowed, event_type).failing_as(why)
        })
    }
}

/// A list entry takes its exact type, case-sensitive; an entry without a dot (`issues`) also takes every action of that
/// type (`issues.opened`).
fn on_list(list: &[String], event: &str) -> bool {
    list.iter().any(|entry| {
        entry == event
            || (!entry.contains('.') && event.strip_prefix(entry.as_str()).is_some_and(|r| r.starts_with('.')))
    })
}

fn type_clause(rule: String, holds: bool, event_type: Option<&str>) -> Clause {
    Clause::new(rule, Outcome::of(holds)).seeing(event_type.map(quoted).into_iter().collect())
}
