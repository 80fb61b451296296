//! The binary from outside: its configuration, its commands, its demo, its services.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on stops loudly")]

mod against;
mod commands;
mod config;
mod demo;
mod kit;
mod secrets;
mod servers;
mod up;
