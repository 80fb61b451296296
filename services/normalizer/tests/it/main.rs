//! The normalizer on a real log: what it makes of deliveries, and that no crash, repeat or outage shows in it.

#![expect(clippy::unwrap_used, reason = "a test may fail where it likes")]

mod crash;
mod flow;
mod kit;
mod meters;
mod order;
mod plan;
mod rough;
