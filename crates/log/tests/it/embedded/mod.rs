//! The embedded log: the suite, and what only one process on one file can get wrong.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod child;
mod harness;
mod own;

hookwheel_log::log_conformance!(harness::EmbeddedHarness::start);
