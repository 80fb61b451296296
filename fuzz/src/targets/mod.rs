//! One file per parser, and the list of them.

mod config;
mod filters;
mod forms;
mod framing;
mod handshakes;
mod json;
mod profiles;
mod records;
mod signed;
mod subjects;
mod terminal;
mod verify;

use crate::Target;

/// Every target.
pub const ALL: &[Target] = &[
    json::TARGET,
    forms::TARGET,
    verify::TARGET,
    signed::TARGET,
    profiles::TARGET,
    filters::TARGET,
    records::TARGET,
    handshakes::TARGET,
    subjects::TARGET,
    framing::TARGET,
    terminal::TARGET,
    config::TARGET,
];

/// The target of this name.
pub fn named(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}
