//! All that is asked of an event: the guards, the webhook's filter, and each route's.

use serde::Serialize;

use super::guard::marked;
use super::verdict::{Clause, Outcome, Verdict};
use super::{Cow, View};
use crate::webhook::Webhook;

/// The clause when every filter lets an event through and still nobody wants it.
pub const NO_ROUTE: &str = "no route takes this event";

/// What the filters of a webhook say about an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The guards and the webhook's own filter.
    pub webhook: Verdict,
    /// Each route's filter, in the order of the routes; asked also when the webhook has stopped the event.
    pub routes: Vec<Verdict>,
}

/// Asks every filter of the webhook about an event.
pub fn decide(webhook: &Webhook, view: &dyn View) -> Decision {
    let guards = [handshake(view), own_words(view)];
    let own = webhook.events.judge(view).clauses;
    Decision {
        webhook: Verdict { clauses: guards.into_iter().chain(own).collect() },
        routes: webhook.routes.iter().map(|route| route.events.judge(view)).collect(),
    }
}

impl Decision {
    /// The places of the routes that take the event, or the clause that stopped it, in words.
    pub fn taken(&self) -> Result<Vec<usize>, String> {
        if let Some(clause) = self.webhook.decided_by() {
            return Err(clause.words());
        }
        let taking: Vec<_> = (0..self.routes.len()).filter(|at| self.routes[*at].passed()).collect();
        if !taking.is_empty() {
            return Ok(taking);
        }
        Err(self.routes.iter().find_map(Verdict::error).unwrap_or_else(|| NO_ROUTE.to_owned()))
    }

    /// Every filter that could not be answered and so stopped the event: its route's place, `None` for the webhook's
    /// own, and why. Routes are not looked at behind a webhook that stopped the event.
    pub fn errors(&self) -> Vec<(Option<usize>, String)> {
        if let Some(clause) = self.webhook.decided_by() {
            return if clause.outcome == Outcome::Error { vec![(None, clause.words())] } else { Vec::new() };
        }
        let routes = self.routes.iter().enumerate();
        routes.filter_map(|(at, verdict)| verdict.error().map(|why| (Some(at), why))).collect()
    }
}

fn handshake(view: &dyn View) -> Clause {
    let clause = Clause::new("is no handshake of the provider", Outcome::of(!view.is_handshake()));
    clause.failing_as("provider handshake")
}

fn own_words(view: &dyn View) -> Clause {
    let run = view.new_texts().iter().find_map(|text: &Cow<'_, str>| marked(text));
    let clause = Clause::new("was not written by a run of ours", Outcome::of(run.is_none()));
    match run {
        Some(run) => clause.failing_as(format!("written by {run}: what an agent writes does not wake one")),
        None => clause,
    }
}
