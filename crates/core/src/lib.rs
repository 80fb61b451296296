//! What a delivery and a run are, and every rule about them. Pure: no input or output, no clock, no randomness.

pub mod agent;
pub mod delivery;
pub mod event;
pub mod filter;
pub mod ids;
pub mod journal;
pub mod limit;
pub mod message;
pub mod network;
pub mod rejection;
pub mod run;
pub mod secret;
pub mod snapshot;
pub mod time;
pub mod webhook;

pub use ids::{AgentName, DeliveryId, EntityKey, RunId, SessionId, SnapshotHash, WebhookId};
pub use time::Timestamp;
