//! A delivery: one authenticated request, kept as received.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::ids::{DeliveryId, SnapshotHash, WebhookId, digest};
use crate::time::Timestamp;

/// The provider's own id of a delivery (or what the profile says), scoped to the webhook. One key, one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeliveryKey {
    /// As the provider gave it; never used in a subject.
    pub text: String,
    /// 160 bits of base32 over webhook and text.
    pub hash: String,
}

impl DeliveryKey {
    /// The key of this text at this webhook.
    pub fn new(webhook: &WebhookId, text: impl Into<String>) -> Self {
        let text = text.into();
        let hash = digest(&[b"delivery", webhook.as_str().as_bytes(), text.as_bytes()]);
        Self { text, hash }
    }
}

/// The first record of everything: DeliveryReceived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReceived {
    /// Our id for it; its first 48 bits are the time.
    pub delivery: DeliveryId,
    /// Where it was posted.
    pub webhook: WebhookId,
    /// The webhook's source profile at that time.
    pub source: String,
    /// Its key.
    pub key: DeliveryKey,
    /// When ingress had the whole request.
    pub received_at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Headers in order, names lower-case, credentials removed.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The raw body.
    pub body: Body,
    /// How it was verified.
    pub proof: Proof,
    /// The configuration at receipt.
    pub snapshot: SnapshotHash,
    /// The sender's address, as ingress saw it.
    pub peer: String,
    /// W3C traceparent of the receiving span.
    pub traceparent: Option<String>,
}

/// A body in place, or where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The bytes.
    Inline(Bytes),
    /// Content address (SHA-256, hex) and length of a blob that was stored before this record.
    Blob {
        /// Lower-case hex.
        sha256: String,
        /// Bytes.
        size: u64,
    },
}

impl Body {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Inline(bytes) => bytes.len() as u64,
            Self::Blob { size, .. } => *size,
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How a delivery was verified. Facts for the record, never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The scheme's name, such as `github_hmac_sha256`; `none` when everyone may post.
    pub scheme: String,
    /// Which of the configured secrets matched, counted from 0; absent for `none`.
    pub secret: Option<u32>,
    /// The signed time, where the scheme has one.
    pub signed_at: Option<Timestamp>,
}

/// Where a delivery stands, as people and the API see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Stored, not yet looked at.
    Received,
    /// Stopped by a filter, or no route wanted it. Terminal.
    Filtered,
    /// Runs are requested, none has started.
    Queued,
    /// A run has started.
    Processing,
    /// Every run completed. Terminal.
    Completed,
    /// Every run ended, at least one not completed. Terminal.
    Failed,
    /// Could not be understood (its body is kept). Terminal.
    Unroutable,
}

impl DeliveryState {
    /// The name in the API, metrics and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Filtered => "filtered",
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Unroutable => "unroutable",
        }
    }

    /// Whether nothing more will happen to it.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Filtered | Self::Completed | Self::Failed | Self::Unroutable)
    }
}

/// A small, bounded trace of a request that made no delivery: a duplicate, or one of many rejections or handshakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Where it was posted.
    pub webhook: WebhookId,
    /// What happened.
    pub kind: NoticeKind,
    /// For a duplicate the first delivery.
    pub delivery: Option<DeliveryId>,
    /// For a rejection the reason, from the closed set of metric labels.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// The sender's address, as ingress saw it.
    pub peer: String,
    /// For a rejection which rule exactly refused, one of [`crate::rejection`]; empty in old records.
    pub rule: String,
    /// For a rejection the names of the headers that were there, lower-case, as many as fit.
    pub headers: Vec<String>,
    /// How many more like it there were since the one before that was kept.
    pub more: u64,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// A repeat of a known delivery.
    Duplicate,
    /// A refused request.
    Rejected,
    /// An unsigned handshake that was answered.
    Handshake,
}

impl NoticeKind {
    /// The token in the subject and the name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Handshake => "handshake",
        }
    }
}
