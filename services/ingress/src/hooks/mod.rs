//! The webhooks this replica answers for: a snapshot of CONFIG in memory, kept fresh by one task.

mod directory;
mod hook;
mod keys;
mod refresh;
mod secrets;

pub(crate) use directory::Directory;
pub(crate) use hook::Hook;
pub use keys::KeyOptions;
pub(crate) use keys::Keys;
pub(crate) use refresh::{Current, Keeper};
pub(crate) use secrets::Unbelieved;
