//! Ingress: HTTP requests in, durable deliveries out. Stateless; it reads CONFIG and writes the log, and nothing else.
//!
//! A request goes through [`wire`] (framing and patience), [`intake`] (the checks, in order) and [`batch`] (one append
//! for everything that waits). A 2xx is sent after the delivery is on disk.

mod batch;
mod clock;
mod flood;
mod hooks;
mod intake;
mod meters;
mod notices;
mod options;
mod pace;
#[doc(hidden)]
pub mod parsers;
mod peers;
mod recent;
mod service;
mod shared;
mod threads;
mod wire;

pub use clock::Clock;
pub use hooks::KeyOptions;
pub use options::Options;
pub use service::{Ports, Service, build};
