//! The webhooks this replica answers for: a snapshot of CONFIG in memory, kept fresh by one task.

mod directory;
mod hook;
mod refresh;

pub(crate) use directory::Directory;
pub(crate) use hook::Hook;
pub(crate) use refresh::{Current, Keeper};
