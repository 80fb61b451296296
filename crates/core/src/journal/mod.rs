//! The run's journal: what happened, folded into a state, from which the next action is decided. No clock, no waiting.

mod entry;

pub use entry::*;
