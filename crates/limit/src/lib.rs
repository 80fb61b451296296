//! Limits over all replicas: tokens from the ledgers of `core`, kept in a bucket of the log.
//!
//! Who asks while another asks waits for the same compare-and-set: under load one write grants tokens to many. A limit that
//! is used up is remembered until it opens again, and whoever asks meanwhile is answered without a word to the log.

mod limiter;
mod scope;

pub use limiter::{Closed, Limiter, Scoped, Taken, Token};

#[cfg(test)]
mod tests;
