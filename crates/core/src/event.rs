//! An event: what a delivery means.

use crate::ids::{DeliveryId, EntityKey, RunId, WebhookId};
use crate::time::Timestamp;

/// What a delivery means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// `pull_request.opened`; absent when the body does not say.
    pub event_type: Option<String>,
    /// What it is about.
    pub entity: Option<EntityKey>,
    /// Who did it, as the source names them.
    pub actor: Option<String>,
    /// Named facts in reading order, already cut to their caps. Untrusted text.
    pub summary: Vec<Field>,
}

/// One named fact of a summary. The name is ours, the value is the sender's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Lower-case words, such as `repository`.
    pub name: String,
    /// Untrusted text.
    pub value: String,
}

/// What the normalizer made of a delivery. One per delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryOutcome {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Its webhook.
    pub webhook: WebhookId,
    /// When it was decided. Taken from the delivery's own receipt, so that a repeat gives the same bytes.
    pub received_at: Timestamp,
    /// What became of it. For a batch: routed, with every run, if at least one of its events is; else filtered.
    pub result: Normalized,
    /// For a batch: each event's own result, in order, long summaries left out. A last one that is unroutable says how
    /// many events were over the limits and started nothing. Empty when the delivery is one event.
    pub events: Vec<Normalized>,
}

/// What became of a delivery, or of one event of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Normalized {
    /// At least one route takes it: DeliveryNormalized.
    Routed {
        /// What it means.
        event: Event,
        /// One run per matched route.
        runs: Vec<RunId>,
    },
    /// A filter stopped it, or no route takes it: DeliveryFiltered.
    Filtered {
        /// What it means.
        event: Event,
        /// Which clause, in words.
        clause: String,
    },
    /// It is a provider's handshake, answered, and no agent's business: also DeliveryFiltered in tables.
    /// It could not be understood: DeliveryUnroutable.
    Unroutable {
        /// Why, in words that echo nothing of the body.
        reason: String,
    },
}
