//! The log: durable, ordered records on which all services meet. It carries bytes and knows no webhook.
//!
//! [`Log`] is the port. Its promises are numbered L1 to L17 and proved for every back end by one suite,
//! `conformance` (a feature of this crate). Back ends: [`embedded`] (one process, SQLite) and [`jetstream`] (any
//! number of processes).

mod blob;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod embedded;
mod error;
pub mod jetstream;
mod layout;
mod measured;
pub mod parked;
mod port;
mod record;

pub use blob::{BlobHash, Blobs};
pub use error::LogError;
pub use layout::{BucketSpec, ConsumerSpec, Layout, Lookup, Retention, StreamSpec};
pub use measured::{Measured, PUBLISH_DURATION_SECONDS, PUBLISH_TOTAL};
pub use port::{
    Bucket, BucketEntry, Consumer, ConsumerDepth, Held, Lease, Log, Revision, StreamInfo, Swap, Tail, Watch,
};
pub use record::{Append, Expect, Headers, Outcome, Seq, Stored, Subject, SubjectFilter};
