//! Rows as read: what the API, the CLI and the inspector show. As JSON their times are RFC 3339.

use hookwheel_core::Timestamp;
use serde::{Serialize, Serializer};

/// One delivery in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRow {
    /// Delivery id.
    pub id: String,
    /// Webhook id.
    pub webhook: String,
    /// Source profile.
    pub source: String,
    /// State name, see `DeliveryState`.
    pub state: String,
    /// Event type, once known.
    pub event_type: Option<String>,
    /// Entity key, once known.
    pub entity: Option<String>,
    /// Who did it, once known.
    pub actor: Option<String>,
    /// The key as the provider gave it.
    pub delivery_key: String,
    /// When ingress had the request.
    #[serde(serialize_with = "rfc3339")]
    pub received_at: Timestamp,
    /// Bytes of the body.
    pub body_size: u64,
    /// Why it was filtered, is unroutable or failed.
    pub reason: Option<String>,
    /// How many runs it started.
    pub runs: u32,
    /// How many repeats of it were seen.
    pub duplicates: u64,
    /// The receiving trace.
    pub trace_id: Option<String>,
}

/// One header as kept; `value` has bytes that are not UTF-8 escaped as `\xNN`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeaderRow {
    /// Lower-case name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// What a delivery means, or an item of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRow {
    /// `<delivery>`, or for an item of a batch `<delivery>#<index>`.
    pub id: String,
    /// `routed`, `filtered` or `unroutable`.
    pub outcome: String,
    /// Why it is not routed.
    pub reason: Option<String>,
    /// How many runs it starts.
    pub runs: u32,
    /// Event type.
    pub event_type: Option<String>,
    /// Entity key.
    pub entity: Option<String>,
    /// Actor.
    pub actor: Option<String>,
    /// Name and value of each summary field, in order. Of a long batch only the first events have theirs.
    pub summary: Vec<(String, String)>,
}

/// Everything about one delivery but its body when that is a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryDetail {
    /// The list's row.
    #[serde(flatten)]
    pub row: DeliveryRow,
    /// HTTP method.
    pub method: String,
    /// Headers as kept.
    pub headers: Vec<HeaderRow>,
    /// The body, unless it is a blob.
    #[serde(skip)]
    pub body: Option<Vec<u8>>,
    /// Address of the blob, if it is one.
    pub body_blob: Option<String>,
    /// Verification scheme.
    pub scheme: String,
    /// Which configured secret matched, from 0.
    pub secret: Option<u32>,
    /// The signed time.
    #[serde(serialize_with = "opt_rfc3339")]
    pub signed_at: Option<Timestamp>,
    /// The configuration at receipt.
    pub snapshot: String,
    /// The sender's address.
    pub peer: String,
    /// What it means, once known; the first event of a batch.
    pub event: Option<EventRow>,
    /// Every event of a batch, in order, each with its own result. Empty when the delivery is one event.
    pub events: Vec<EventRow>,
    /// Its runs, oldest first.
    pub run_rows: Vec<RunRow>,
}

/// One run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRow {
    /// Run id.
    pub id: String,
    /// Delivery id.
    pub delivery: String,
    /// The event's place in the delivery, if that is a batch.
    pub event_index: Option<u32>,
    /// Webhook id.
    pub webhook: String,
    /// Route name.
    pub route: String,
    /// Agent name.
    pub agent: String,
    /// Session id.
    pub session: String,
    /// Entity key.
    pub entity: Option<String>,
    /// `requested`, `running`, `suspended`, or an outcome's name.
    pub state: String,
    /// Model that served last, as the provider names it.
    pub model: Option<String>,
    /// When the delivery was received.
    #[serde(serialize_with = "rfc3339")]
    pub received_at: Timestamp,
    /// First entry of the journal.
    #[serde(serialize_with = "opt_rfc3339")]
    pub started_at: Option<Timestamp>,
    /// Last entry of a finished journal.
    #[serde(serialize_with = "opt_rfc3339")]
    pub finished_at: Option<Timestamp>,
    /// Model turns.
    pub turns: u32,
    /// Tool calls executed.
    pub tool_calls: u32,
    /// Input tokens.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Claims: 1 without any crash.
    pub claims: u32,
    /// The model's last words.
    pub text: Option<String>,
    /// What went wrong and whose move is next.
    pub error: Option<String>,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepRow {
    /// Position in the journal of the entry that opened it.
    pub n: u32,
    /// `model` or `tool`.
    pub kind: String,
    /// `t3` for a turn, `t3.0` for a call.
    pub key: String,
    /// Model or tool name.
    pub name: String,
    /// `started`, `ok`, `tool_error`, `timeout`, `failed`, `denied`, `uncertain`.
    pub status: String,
    /// Tries.
    pub attempts: u32,
    /// JSON text of a tool call's arguments.
    pub arguments: Option<String>,
    /// What the model said, or what the tool gave, or why it was denied or failed.
    pub result: Option<String>,
    /// When it began.
    #[serde(serialize_with = "rfc3339")]
    pub started_at: Timestamp,
    /// How long it took.
    pub latency_ms: Option<u64>,
    /// Input tokens of a model step.
    pub input_tokens: Option<u64>,
    /// Output tokens of a model step.
    pub output_tokens: Option<u64>,
}

/// Everything about one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunDetail {
    /// The list's row.
    #[serde(flatten)]
    pub row: RunRow,
    /// Whether the scripted model answered: canned answers, no AI.
    pub scripted: bool,
    /// The delivery message it was given.
    pub message: String,
    /// Steps in journal order.
    pub steps: Vec<StepRow>,
}

/// One webhook as configured, with its counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhookRow {
    /// Public id.
    pub id: String,
    /// Slug.
    pub slug: String,
    /// Source profile.
    pub source: String,
    /// Whether it takes deliveries.
    pub enabled: bool,
    /// The current snapshot's hash.
    pub snapshot: String,
    /// Deliveries seen.
    pub deliveries: u64,
    /// The newest one's time.
    #[serde(serialize_with = "opt_rfc3339")]
    pub last_delivery_at: Option<Timestamp>,
}

/// A duplicate, or one of many rejections or answered handshakes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeRow {
    /// Webhook id.
    pub webhook: String,
    /// `duplicate`, `rejected` or `handshake`.
    pub kind: String,
    /// For a duplicate the first delivery.
    pub delivery: Option<String>,
    /// The reason.
    pub reason: String,
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// The sender's address.
    pub peer: String,
    /// For a rejection which rule exactly refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What was wrong, in words; completes "refused because ...".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'static str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<&'static str>,
    /// For a rejection the names of the headers that were there, as many as fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// How many more like it there were, and are not listed, since the one before.
    pub more: u64,
}

fn rfc3339<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

fn opt_rfc3339<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => to.collect_str(at),
        None => to.serialize_none(),
    }
}
