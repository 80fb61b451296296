//! The embedded log: the suite, and what only one process on one file can get wrong.

mod child;
mod harness;
mod own;

hookwheel_log::log_conformance!(harness::EmbeddedHarness::start);
