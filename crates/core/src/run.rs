//! A run request: the entry in a session's mailbox.

use crate::ids::{AgentName, DeliveryId, EntityKey, RunId, SessionId, SnapshotHash, WebhookId};
use crate::time::Timestamp;

/// RunRequested: one route wants one run for one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRequested {
    /// Hash of event, route and generation.
    pub run: RunId,
    /// The session whose mailbox this is in.
    pub session: SessionId,
    /// The delivery behind it.
    pub delivery: DeliveryId,
    /// The event's place in the delivery, if that is a batch.
    pub event_index: Option<u32>,
    /// Hash of the delivery's key ([`DeliveryKey::hash`](crate::delivery::DeliveryKey)): with the webhook, the subject
    /// where the raw delivery is read.
    pub delivery_key_hash: String,
    /// Its webhook.
    pub webhook: WebhookId,
    /// Source profile, for labels.
    pub source: String,
    /// The route's name.
    pub route: String,
    /// 0 but for replays.
    pub generation: u32,
    /// Which agent of the snapshot.
    pub agent: AgentName,
    /// The configuration at receipt: agent, model and limits are read from it.
    pub snapshot: SnapshotHash,
    /// Event type, if known.
    pub event_type: Option<String>,
    /// What it is about, if known.
    pub entity: Option<EntityKey>,
    /// The three-layer delivery message: heading, fenced summary, operator's suffix.
    pub message: String,
    /// When ingress received the delivery (a repeat of the request has the same bytes).
    pub received_at: Timestamp,
    /// W3C traceparent of the span that asked.
    pub traceparent: Option<String>,
}
