//! The normalizer: each delivery becomes an outcome and the run requests its routes ask for.
//!
//! [`normalize`] is the whole translation, pure: the same delivery and configuration give the same bytes. Around it,
//! a batch of deliveries is taken from the log, prepared at once, and written down in three steps: requests, wakes,
//! outcomes. Only then are the deliveries acknowledged, so a crash in between repeats all of it, and every repeated
//! record is found "already there".
//!
//! **Order.** A session's runs start in the order of its mailbox, and that order is made by appending to it. One
//! process appends the requests of a batch in stream order, one batch after the other. Several normalizers share the
//! work, so two deliveries of one entity that arrive within the same instants may be appended by two of them in either
//! order, as may one that comes back after a crash; from then on their order is fixed for everyone.

mod append;
mod batch;
mod meters;
mod options;
mod plan;
mod prepare;
mod service;
mod snapshots;

pub use options::Options;
pub use plan::{Plan, normalize};
pub use service::{BuildError, Ports, Service, build};
