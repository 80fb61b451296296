//! Every back end against the one conformance suite.

mod embedded;
mod jetstream;
