//! The projector: folds the log into tables and answers questions about them.
//!
//! Every stream has a follower (`fold`) that goes on from the tables' checkpoint. The tables are never the truth: an
//! operator may reset them at any time ([`rebuild`]) and gets the same rows again, as far back as the log reaches.

mod api;
mod fold;
mod keys;
mod options;
mod service;

pub use keys::{KeyError, Keys};
pub use options::Options;
pub use service::{BuildError, Ports, RunError, Service, build, rebuild};
