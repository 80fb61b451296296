//! Every back end against the one conformance suite.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod embedded;
mod jetstream;
