//! Both engines against the suite, and what only one of them can be asked.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod both;
mod postgres;
mod sqlite;
