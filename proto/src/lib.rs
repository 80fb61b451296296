//! What is on the log: streams and subjects, the kinds of records, and their bytes.
//!
//! Meaning lives in `hookwheel-core`; here it becomes records and comes back. Writers call the functions of
//! [`record`], readers call [`decode`] and match on [`Fact`]. The schema is `schema/hookwheel/v1`; the bytes of each
//! kind and version are kept in `golden/` and must decode for ever.

mod codec;
mod fact;
pub mod kind;
pub mod record;
pub mod topology;
#[rustfmt::skip]
#[path = "gen/v1.rs"]
mod wire;

pub use fact::{DecodeError, Fact, decode};
