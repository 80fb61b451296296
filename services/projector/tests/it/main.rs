//! The projector against the embedded log and SQLite tables.

mod api;
mod fold;
mod gate;
mod kit;
mod memory;
