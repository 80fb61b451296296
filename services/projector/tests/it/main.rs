//! The projector against the embedded log and SQLite tables.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod api;
mod fold;
mod gate;
mod kit;
