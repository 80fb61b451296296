//! The embedded log: the suite, and what only one process on one file can get wrong.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod child;
mod harness;
mod index;
mod own;

mod by_prefix {
    hookwheel_log::log_conformance!(super::harness::EmbeddedHarness::start);
}

mod by_whole_subject {
    hookwheel_log::log_conformance!(super::harness::EmbeddedHarness::start_exact);
}
