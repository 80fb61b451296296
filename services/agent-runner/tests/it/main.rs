//! The agent-runner on an embedded log: crashes between any two appends, zombies, order, rest, poison.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod crash;
mod cut;
mod kit;
mod limits;
mod order;
mod rest;
mod runs;
mod telling;
mod witness;
