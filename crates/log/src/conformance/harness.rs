//! What a back end's tests must be able to do to a log, and the layout every case runs on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::{
    Append, BucketSpec, ConsumerSpec, Layout, Log, Lookup, Outcome, Retention, StreamSpec, Subject, SubjectFilter,
};

/// A log of its own for one case, and the power to hurt it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// Opens the log, provisioned with [`layout`] and answering. May be called again at any time: each call is a
    /// client of its own where the back end knows clients, and the same log otherwise.
    async fn open(&self) -> Arc<dyn Log>;

    /// Ends the log as a crash would, with nothing flushed, and makes it ready to be opened again.
    /// What was opened before is no longer used by the case.
    async fn crash(&self);

    /// Stops the log in good order and makes it ready to be opened again. Like [`Harness::crash`] otherwise.
    async fn restart(&self);

    /// Appends these records with at least 16 in flight, and sends `SIGKILL` to the process that holds the log as soon
    /// as `after` of them are acknowledged. Then makes the log ready to be opened again.
    /// Returns which records (by index) were acknowledged, and how.
    async fn append_and_kill(&self, records: Vec<Append>, after: usize) -> Vec<(usize, Outcome)>;

    /// Makes the log unable to take an append, without ending it, until [`Harness::resume`].
    async fn stop(&self);

    /// Undoes [`Harness::stop`].
    async fn resume(&self);

    /// Cuts every connection to the log; clients may connect again at once. Nothing where there is no connection.
    async fn cut(&self) {}
}

/// The short lease of [`QUICK`] and [`STRICT`].
pub const ACK_WAIT: Duration = Duration::from_secs(2);

/// The stream of most cases, under `case`.
pub(super) const CASES: &str = "CASES";
/// A stream that is full at [`SMALL_BYTES`], under `small`.
pub(super) const SMALL: &str = "SMALL";
/// A stream that drops its oldest records at [`SMALL_BYTES`], under `rolling`.
pub(super) const ROLLING: &str = "ROLLING";
/// Where parked records are.
pub(super) const PARKED: &str = "PARKED";
/// Where blobs are.
pub(super) const BLOBS: &str = "BLOBS";
/// The limit of [`SMALL`] and [`ROLLING`].
pub(super) const SMALL_BYTES: u64 = 256 * 1024;

/// A group on `case.quick` with a short lease.
pub(super) const QUICK: &str = "quick";
/// A group on `case.slow` with a lease longer than any case.
pub(super) const SLOW: &str = "slow";
/// A group on `case.strict` that parks after two attempts.
pub(super) const STRICT: &str = "strict";
/// A group on `case.narrow` that holds at most three records.
pub(super) const NARROW: &str = "narrow";

/// A bucket.
pub(super) const KEYS: &str = "KEYS";

/// The layout that a harness provisions.
pub fn layout() -> Layout {
    layout_with(Lookup::Prefix)
}

/// The same with streams that are looked into in another way.
pub fn layout_with(lookup: Lookup) -> Layout {
    let kept = |name, under: &str, max_bytes| StreamSpec {
        name,
        under: vec![prefix(under)],
        lookup,
        retention: Retention::Keep { max_age: Duration::from_secs(7 * 24 * 3600), max_bytes },
    };
    let group = |name, under: &str, ack_wait, max_attempts, max_held| ConsumerSpec {
        name,
        stream: CASES,
        filter: SubjectFilter::Under(prefix(under)),
        ack_wait,
        max_attempts,
        max_held,
    };
    Layout {
        streams: vec![
            kept(CASES, "case", None),
            kept(SMALL, "small", Some(SMALL_BYTES)),
            StreamSpec {
                name: ROLLING,
                under: vec![prefix("rolling")],
                lookup,
                retention: Retention::Rolling { max_bytes: SMALL_BYTES },
            },
            kept(BLOBS, "hw.blob", None),
            kept(PARKED, "hw.parked", None),
        ],
        consumers: vec![
            group(QUICK, "case.quick", ACK_WAIT, None, 1_000),
            group(SLOW, "case.slow", Duration::from_secs(600), None, 1_000),
            group(STRICT, "case.strict", ACK_WAIT, Some(2), 1_000),
            group(NARROW, "case.narrow", Duration::from_secs(600), None, 3),
        ],
        buckets: vec![BucketSpec { name: KEYS }],
    }
}

fn prefix(text: &str) -> Subject {
    Subject::new(text).unwrap()
}
