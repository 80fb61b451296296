//! What is on the log: streams and subjects, the kinds of records, and their bytes.
//!
//! Meaning lives in `hookwheel-core`; here it becomes records and comes back. Writers call the functions of
//! [`record`], readers call [`decode`] and match on [`Fact`].

mod fact;
pub mod record;
pub mod topology;

pub use fact::{DecodeError, Fact, decode};
