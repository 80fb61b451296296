//! The agent-runner: takes a session's oldest open request and drives its run to the end through its journal.
//!
//! A wake says "look at this session" ([`wake`]). The session's mailbox names the run ([`mailbox`]); a lease keeps other
//! workers from trying in vain ([`lease`]); the journal decides who owns the run and what happened ([`journal`]). The
//! loop itself is `fold`, `decide`, do, append ([`drive`]), where doing is a model call ([`model_step`]) or tool calls
//! ([`tool_step`]). Whoever loses an append stops at once: it has become a zombie.

mod admission;
mod delivery;
mod drive;
mod heartbeat;
mod journal;
mod lease;
mod mailbox;
mod model_step;
mod options;
mod payload;
mod service;
mod shared;
mod snapshots;
mod sweeper;
mod telemetry;
mod tool_step;
mod wake;

pub use mailbox::is_hint;
pub use options::{Options, Profile};
pub use service::{BuildError, Ports, Service, build};
