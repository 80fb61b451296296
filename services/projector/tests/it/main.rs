//! The projector against both pairs of back ends.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod api;
mod broker;
mod fold;
mod gate;
mod kit;
