//! The normalizer: each delivery becomes an outcome and the run requests its routes ask for.
//!
//! [`normalize`] is the whole translation, pure: the same delivery and configuration give the same bytes. Around it,
//! deliveries are followed in stream order from a place that the log keeps, prepared many at once, and written down in
//! three steps: requests, wakes, outcomes. Only then is the place moved, so a crash in between repeats all of it, and
//! every repeated record is found "already there".
//!
//! **Batches.** A delivery may bring many events. Each is asked about and routed on its own, as `<delivery>#<index>`; its
//! run's id is made of that name, so a repeat makes the same runs. The outcome stays one record for the delivery and lists
//! every event's own result, within limits that it states when they are reached.
//!
//! **Order.** A session's runs start in the order of its mailbox, and that order is the order of the deliveries. Whoever
//! writes a delivery down has offered every earlier one before, and of two that offer the same record the first one's
//! stands: so writers that begin at a kept place cannot change the order of two deliveries, however many there are and
//! wherever they crash. One at a time works, by a lease; that only saves work. One that is behind finds out when
//! it moves the place, and begins again where the other one is.
//!
//! **Head of the line.** A delivery that cannot be prepared holds up the rest, or the order would not hold. What no later
//! version can read is parked at once; anything else is tried eight times in two minutes, then parked.

mod append;
mod batch;
mod event;
mod items;
mod lease;
mod meters;
mod options;
mod place;
mod plan;
mod prepare;
mod service;
mod snapshots;
mod writer;

pub use options::Options;
pub use plan::{Plan, normalize};
pub use service::{BuildError, Ports, Service, build};
