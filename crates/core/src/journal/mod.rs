//! The run's journal: what happened, folded into a state, from which the next action is decided. No clock, no waiting.
//!
//! [`fold`] takes one entry at a time; [`decide`] says what to do next. A driver does it and appends what happened.
//! Nothing else holds state, so a run goes on after any crash: fold again, decide again.

mod calls;
mod decide;
mod entry;
mod fold;
mod key;
mod retry;
mod state;

pub use decide::{Decision, MAX_CLAIMS, MAX_PARALLEL_READS, MAX_TEXT, MAX_TOOL_ATTEMPTS, ToolTable, WALL_CAP, decide};
pub use entry::*;
pub use fold::{BrokenJournal, fold};
pub use key::{arguments_sha256, canonical, idempotency_key, signature};
pub use retry::retry_delay;
pub use state::{Call, CallState, LastFailure, ModelTries, RunState, Turn, shorten};
