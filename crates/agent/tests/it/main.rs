//! Real wire formats against a small server that replays hand-written transcripts.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod failures;
mod server;
mod tools;
mod wire;
