//! From the log to the tables: one follower a stream, a lease among replicas, and the mirror of CONFIG.

mod change;
mod follower;
pub(crate) mod lead;
mod patience;
mod progress;
pub(crate) mod webhooks;

pub(crate) use follower::Follower;
pub(crate) use progress::Rebuilding;
