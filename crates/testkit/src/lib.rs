//! What tests are written with: local servers, signed senders, load. Nothing here is shipped.

pub mod child;
pub mod load;
pub mod nats;
pub mod postgres;
pub mod proxy;
pub mod rawsocket;
pub mod sender;
pub mod tools;
