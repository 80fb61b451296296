//! Properties of the rules, with an oracle in another style.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod journal;
mod world;
