//! The subcommands, one file each: options and what they do.

mod against;
pub mod apply;
pub mod bench;
mod capture;
pub mod check;
pub mod completions;
pub mod deliveries;
pub mod demo;
pub mod doctor;
pub(crate) mod endpoint;
mod listing;
pub mod migrate;
pub mod normalize;
pub mod projector;
pub mod provision;
mod rejections;
pub mod runs;
pub mod secret;
pub mod send;
pub mod up;
pub mod verify;

use hookwheel_core::Timestamp;
use hookwheel_runtime::clock;

/// The time, for what these commands sign and judge.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(clock::now_micros())
}
