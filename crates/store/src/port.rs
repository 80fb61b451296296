//! The port both engines implement. The numbers are the conformance suite's.

use async_trait::async_trait;
use hookwheel_core::Timestamp;
use hookwheel_core::delivery::{DeliveryReceived, Notice};
use hookwheel_core::event::DeliveryOutcome;
use hookwheel_core::journal::Entry;
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;

use crate::StoreError;
use crate::row::{DeliveryDetail, DeliveryRow, NoticeRow, RunDetail, RunRow, WebhookRow};

/// How far a stream has been folded into the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The stream's identity.
    pub incarnation: String,
    /// The last position applied.
    pub seq: u64,
}

/// One fact to fold. Facts of one stream arrive in order; facts of different streams in any interleaving, and the
/// rows must come out the same (S7).
#[derive(Debug, Clone)]
pub enum Change {
    /// A delivery was received.
    Delivery(Box<DeliveryReceived>),
    /// The normalizer decided.
    Outcome(Box<DeliveryOutcome>),
    /// A run was requested.
    Requested(Box<RunRequested>),
    /// A run's journal grew. Entries of one run arrive in order of `n`.
    Entry(Box<Entry>),
    /// A duplicate or a rejection.
    Notice(Box<Notice>),
}

/// A batch of one stream's facts, with the positions it covers.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Stream name.
    pub stream: String,
    /// The stream's identity.
    pub incarnation: String,
    /// The position its reader went on from; 0 at the start of the stream. When the tables are not that far, somebody
    /// has reset them meanwhile, and applying the batch would leave a hole: see [`Applied::Gap`].
    pub after: u64,
    /// Each fact with its position, ascending. Positions without a fact for the tables are left out.
    pub changes: Vec<(u64, Change)>,
    /// The last position covered.
    pub upto: u64,
}

/// What applying a batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// Rows and checkpoint moved together; so many facts were new.
    New(u64),
    /// All of it had been applied before; nothing changed.
    Stale,
    /// The tables end before [`Batch::after`]; nothing changed. Read the checkpoint again and go on from there.
    Gap,
}

/// Which page.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// 1 to 200.
    pub limit: u32,
    /// A cursor of an earlier page; newest first without one.
    pub cursor: Option<String>,
}

/// One page, newest first.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// Rows.
    pub items: Vec<T>,
    /// Cursor of the next (older) page, if there is one.
    pub next_cursor: Option<String>,
    /// How many rows the filter has, counted to 10,001.
    pub total: u64,
}

/// Which deliveries. Absent means any; text compares exactly, case-sensitive.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Webhook id.
    pub webhook: Option<String>,
    /// Source profile.
    pub source: Option<String>,
    /// State name.
    pub state: Option<String>,
    /// Event type.
    pub event_type: Option<String>,
    /// Entity key.
    pub entity: Option<String>,
    /// Received at or after.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
}

/// Which runs. Absent means any.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Webhook id.
    pub webhook: Option<String>,
    /// Agent name.
    pub agent: Option<String>,
    /// State name.
    pub state: Option<String>,
    /// Delivery id.
    pub delivery: Option<String>,
    /// Session id.
    pub session: Option<String>,
    /// Received at or after.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
}

/// The tables. Every call ends within its deadline, as a transient error if it must (S9).
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Creates or upgrades the tables (S10). Safe to call from several processes at once.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// How far a stream has been applied.
    async fn checkpoint(&self, stream: &str) -> Result<Option<Checkpoint>, StoreError>;

    /// Applies a batch: rows and checkpoint in one transaction (S1). Facts at or below the checkpoint are skipped
    /// (S2, S3); another incarnation is [`StoreError::OtherIncarnation`] and changes nothing.
    async fn apply(&self, batch: Batch) -> Result<Applied, StoreError>;

    /// Replaces the list of configured webhooks. Not part of the fold: it mirrors CONFIG, which is the truth.
    async fn set_webhooks(&self, webhooks: &[Snapshot]) -> Result<(), StoreError>;

    /// Empties all folded tables and their checkpoints, in one transaction: the next projection starts from zero (S7).
    async fn reset(&self) -> Result<(), StoreError>;

    /// Deletes deliveries received before, with all that belongs to them, the rejections noticed before, and nothing
    /// else (S8). Returns how many deliveries.
    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// A page of deliveries, stable while rows arrive (S4).
    async fn deliveries(&self, filter: &DeliveryFilter, page: &PageRequest) -> Result<Page<DeliveryRow>, StoreError>;

    /// One delivery.
    async fn delivery(&self, id: &str) -> Result<Option<DeliveryDetail>, StoreError>;

    /// A page of runs, stable while rows arrive (S4).
    async fn runs(&self, filter: &RunFilter, page: &PageRequest) -> Result<Page<RunRow>, StoreError>;

    /// One run with its steps.
    async fn run(&self, id: &str) -> Result<Option<RunDetail>, StoreError>;

    /// All webhooks, by slug.
    async fn webhooks(&self) -> Result<Vec<WebhookRow>, StoreError>;

    /// The newest notices of a webhook, or of all; of one kind, or of any.
    async fn notices(
        &self,
        webhook: Option<&str>,
        kind: Option<&str>,
        limit: u32,
    ) -> Result<Vec<NoticeRow>, StoreError>;

    /// A digest over every folded row, in a fixed order: equal tables give equal text (S7). For tests and `doctor`.
    async fn fingerprint(&self) -> Result<String, StoreError>;
}
