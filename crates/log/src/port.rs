//! The port every back end implements. The numbers are the conformance suite's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Append, LogError, Outcome, Seq, Stored, Subject, SubjectFilter};

/// A durable, ordered log. Every call ends inside the back end's own bound (L11); a call that is dropped half-way
/// has stored its record once or not at all (L12).
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Appends one record and returns after it is on disk (L1, L2, L3, L13, L14).
    async fn append(&self, record: Append) -> Result<Outcome, LogError>;

    /// Appends records of one stream, in order, each with its own outcome (L15). Not atomic as a whole: the outer
    /// error means that no outcome is known for any of them, and the same records may be tried again.
    async fn append_batch(&self, records: Vec<Append>) -> Result<Vec<Result<Outcome, LogError>>, LogError>;

    /// Up to `max` records from position `from` on, oldest first (L10). Empty means that there is none now.
    async fn read(&self, stream: &str, filter: &SubjectFilter, from: Seq, max: usize) -> Result<Vec<Stored>, LogError>;

    /// The last record of a subject, read from the leader (never stale).
    async fn last(&self, stream: &str, subject: &Subject) -> Result<Option<Stored>, LogError>;

    /// Follows a stream from a position on, without acknowledgements: for readers that keep their own place.
    async fn tail(&self, stream: &str, filter: &SubjectFilter, from: Seq) -> Result<Box<dyn Tail>, LogError>;

    /// Bounds and identity of a stream.
    async fn stream(&self, stream: &str) -> Result<StreamInfo, LogError>;

    /// Binds to a consumer of the layout (L4 to L9).
    async fn consumer(&self, name: &str) -> Result<Arc<dyn Consumer>, LogError>;

    /// For a reader that keeps its own place: keeps a findable note, under `hw.parked.<consumer>.<seq>`, of why it gave
    /// up on this record (L9). The first note of a record stands.
    async fn park(&self, consumer: &str, record: &Stored, reason: &str) -> Result<(), LogError>;

    /// Binds to a bucket of the layout (L16).
    async fn bucket(&self, name: &str) -> Result<Arc<dyn Bucket>, LogError>;

    /// Whether the log keeps its promises right now: reachable, provisioned and set up as durably as was asked.
    /// The error's text says what is wrong and the remedy.
    async fn check(&self) -> Result<(), LogError>;
}

/// Identity and bounds of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// Changes when the stream is deleted and created again, and never else.
    pub incarnation: String,
    /// The oldest kept position (`last + 1` when empty).
    pub first: Seq,
    /// The newest position ever given; 0 when there was none.
    pub last: Seq,
}

/// A reader that follows a stream.
#[async_trait]
pub trait Tail: Send {
    /// The next records in order, at most `max`, as soon as there is one; empty after `wait` without any.
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Stored>, LogError>;
}

/// A member of a durable consumer group.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// Up to `max` records nobody holds, as soon as there is one; empty after `wait` without any (L4, L6, L7).
    async fn fetch(&self, max: usize, wait: Duration) -> Result<Vec<Held>, LogError>;

    /// How far behind the group is.
    async fn depth(&self) -> Result<ConsumerDepth, LogError>;
}

/// How far behind a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConsumerDepth {
    /// Not handed out yet.
    pub pending: u64,
    /// Handed out, neither acknowledged nor parked.
    pub held: u64,
    /// Of those held, how many are at their second attempt or later.
    pub redelivered: u64,
}

/// A record lent to this member until it acks, naks, parks, or the lease ends.
pub struct Held {
    /// The record.
    pub record: Stored,
    /// 1 for the first time it is handed out.
    pub attempt: u32,
    /// How to end or prolong the lease.
    pub lease: Box<dyn Lease>,
}

/// What a holder can do with a held record. All are hints to the log: a lost one means a redelivery (L5).
#[async_trait]
pub trait Lease: Send + Sync {
    /// Done: never hand it out again.
    async fn ack(&self) -> Result<(), LogError>;
    /// Hand it out again after the delay, holding no member meanwhile (L8).
    async fn nak(&self, delay: Duration) -> Result<(), LogError>;
    /// Still working: the lease starts anew (L8).
    async fn progress(&self) -> Result<(), LogError>;
    /// Give up: keep a findable note of why under `hw.parked.<consumer>.<seq>` and never hand it out again (L9).
    async fn park(&self, reason: &str) -> Result<(), LogError>;
}

/// A key's revision; grows with each write to the bucket.
pub type Revision = u64;

/// One key of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketEntry {
    /// Tokens of `[A-Za-z0-9_-]` joined by dots.
    pub key: String,
    /// The value.
    pub value: Bytes,
    /// Its revision.
    pub revision: Revision,
}

/// How a compare-and-set ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// Written, at this revision.
    Done(Revision),
    /// Someone else's write stands; nothing was written.
    Lost,
}

/// Key-value with compare-and-set, expiry and watch (L16). Decisions are taken by `create` and `update`; `get` may
/// never be older than the caller's own last write.
#[async_trait]
pub trait Bucket: Send + Sync {
    /// The entry, unless absent or expired.
    async fn get(&self, key: &str) -> Result<Option<BucketEntry>, LogError>;
    /// Every live entry.
    async fn entries(&self) -> Result<Vec<BucketEntry>, LogError>;
    /// Writes whatever was there.
    async fn put(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<Revision, LogError>;
    /// Writes only if the key is absent or expired.
    async fn create(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<Swap, LogError>;
    /// Writes only if the key's revision is this one.
    async fn update(
        &self,
        key: &str,
        value: Bytes,
        revision: Revision,
        ttl: Option<Duration>,
    ) -> Result<Swap, LogError>;
    /// Removes the key, if its revision is this one.
    async fn remove(&self, key: &str, revision: Revision) -> Result<Swap, LogError>;
    /// Tells when to read again.
    async fn watch(&self) -> Result<Box<dyn Watch>, LogError>;
}

/// A hint that a bucket may have changed: at every change, after every reconnect, and every 30 s in any case.
#[async_trait]
pub trait Watch: Send {
    /// Returns when `entries` is worth reading again.
    async fn changed(&mut self) -> Result<(), LogError>;
}
