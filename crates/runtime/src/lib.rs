//! What every process needs and no domain knows: configuration reading, secrets, telemetry, the admin port, readiness,
//! start and drain, fail points.

pub mod admin;
pub mod clock;
pub mod connect;
pub mod failpoint;
pub mod metrics;
pub mod problem;
pub mod ready;
pub mod seal;
pub mod secret;
pub mod settings;
pub mod stop;
pub mod telemetry;
pub mod tls;
pub mod trace;
