//! The layout: which streams, consumers and buckets exist. Created by one provisioning step; services only bind.

use std::time::Duration;

use crate::{Subject, SubjectFilter};

/// Everything that must exist before a service can bind.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// Streams; no subject may fall into two of them.
    pub streams: Vec<StreamSpec>,
    /// Durable consumers.
    pub consumers: Vec<ConsumerSpec>,
    /// Key-value buckets.
    pub buckets: Vec<BucketSpec>,
}

/// One stream.
#[derive(Debug, Clone)]
pub struct StreamSpec {
    /// Upper-case name, such as `RUNS`.
    pub name: &'static str,
    /// Every subject under one of these belongs to it.
    pub under: Vec<Subject>,
    /// How its records are looked for.
    pub lookup: Lookup,
    /// What happens to old records.
    pub retention: Retention,
}

/// How the records of a stream are looked for by subject. It says what has to be fast, not what is possible: every
/// filter works on every stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// By one subject or by what is under one.
    Prefix,
    /// By one whole subject. For many subjects in no order, with few records each, such as keys that are hashes:
    /// appending is cheaper, and a prefix is found by reading everything from the position on.
    Exact,
}

/// How long records stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Kept for the age; when `max_bytes` is reached, appends fail as transient (nothing is dropped). Never deletable.
    Keep {
        /// Age after which a record may go.
        max_age: Duration,
        /// Upper bound in bytes, if any.
        max_bytes: Option<u64>,
    },
    /// The oldest go first when `max_bytes` is reached.
    Rolling {
        /// Upper bound in bytes.
        max_bytes: u64,
    },
}

/// One durable consumer group.
#[derive(Debug, Clone)]
pub struct ConsumerSpec {
    /// Name, unique in the layout.
    pub name: &'static str,
    /// The stream it reads.
    pub stream: &'static str,
    /// The subjects it wants.
    pub filter: SubjectFilter,
    /// A held record comes back after this long without ack or progress.
    pub ack_wait: Duration,
    /// After so many attempts a record is parked instead of handed out again; `None`: never.
    pub max_attempts: Option<u32>,
    /// At most this many records held at once by the whole group.
    pub max_held: u32,
}

/// One key-value bucket.
#[derive(Debug, Clone)]
pub struct BucketSpec {
    /// Upper-case name, such as `CONFIG`.
    pub name: &'static str,
}

impl Layout {
    /// The stream a subject belongs to.
    pub fn stream_of(&self, subject: &Subject) -> Option<&StreamSpec> {
        self.streams
            .iter()
            .find(|s| s.under.iter().any(|prefix| SubjectFilter::Under(prefix.clone()).takes(subject.as_str())))
    }

    /// The spec of a consumer.
    pub fn consumer(&self, name: &str) -> Option<&ConsumerSpec> {
        self.consumers.iter().find(|c| c.name == name)
    }
}
