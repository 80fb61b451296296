//! Ingress over real sockets: every row of the bad-input table, and what must hold when things go wrong.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test that called it")]

mod auth;
mod config;
mod faults;
mod framing;
mod gates;
mod hostile;
mod kit;
mod log;
mod meaning;
mod metrics;
mod rejected;
mod routes;
mod rows;
mod schemes;
mod sealed;
mod stored;
mod vectors;
