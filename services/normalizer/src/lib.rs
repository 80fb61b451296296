//! The normalizer: each delivery becomes an outcome and the run requests its routes ask for.
//!
//! [`normalize`] is the whole translation, pure: the same delivery and configuration give the same bytes. Around it,
//! a batch of deliveries is taken from the log, prepared at once, and written down in three steps: requests, wakes,
//! outcomes. Only then are the deliveries acknowledged, so a crash in between repeats all of it, and every repeated
//! record is found "already there".
//!
//! **Batches.** A delivery may bring many events. Each is asked about and routed on its own, as `<delivery>#<index>`; its
//! run's id is made of that name, so a repeat makes the same runs. The outcome stays one record for the delivery and lists
//! every event's own result, within limits that it states when they are reached.
//!
//! **Order.** A session's runs start in the order of its mailbox, and that order is made by appending to it. One
//! process appends the requests of a batch in stream order, one batch after the other. Several normalizers share the
//! work, so two deliveries of one entity that arrive within the same instants may be appended by two of them in either
//! order, as may one that comes back after a crash; from then on their order is fixed for everyone.

mod append;
mod batch;
mod event;
mod items;
mod meters;
mod options;
mod plan;
mod prepare;
mod service;
mod snapshots;

pub use options::Options;
pub use plan::{Plan, normalize};
pub use service::{BuildError, Ports, Service, build};
