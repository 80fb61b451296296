//! Limits that are exact over any number of replicas: what a webhook may start in a minute, and the ledger that counts it.

mod ledger;
#[cfg(test)]
mod tests;

pub use ledger::{Grant, Ledger, MAX_SKEW, SPEND_WITHIN, WINDOW};

use serde::{Deserialize, Serialize};

/// How much a webhook may start in any [`WINDOW`]. Nothing is limited unless it is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// By this webhook alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<u32>,
    /// By all webhooks together; the same in each of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global: Option<u32>,
    /// What becomes of the rest.
    #[serde(default, skip_serializing_if = "OnLimit::is_defer")]
    pub on_limit: OnLimit,
}

/// What becomes of a delivery over the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLimit {
    /// It is accepted and kept; its runs start when the limit allows it. Starts of runs are counted.
    #[default]
    Defer,
    /// Its sender is told to come back, and nothing is kept. Deliveries that would start a run are counted.
    Reject,
}

impl OnLimit {
    fn is_defer(&self) -> bool {
        *self == Self::Defer
    }
}

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One webhook's.
    Webhook,
    /// All webhooks'.
    Global,
}

impl Scope {
    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Global => "global",
        }
    }
}

impl Limits {
    /// The limits that are set: the webhook's own first.
    pub fn set(&self) -> impl Iterator<Item = (Scope, u32)> {
        [(Scope::Webhook, self.webhook), (Scope::Global, self.global)]
            .into_iter()
            .filter_map(|(scope, limit)| Some((scope, limit?)))
    }

    /// Whether senders are sent away over a limit.
    pub fn rejects(&self) -> bool {
        self.on_limit == OnLimit::Reject && self.set().next().is_some()
    }

    /// Whether runs wait over a limit.
    pub fn defers(&self) -> bool {
        self.on_limit == OnLimit::Defer && self.set().next().is_some()
    }
}
