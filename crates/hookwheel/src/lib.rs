//! The binary people install: all services in one process on an embedded log, and the operator's command line.
//!
//! [`config`] reads `hookwheel.toml` and `agents/*.md`; [`apply`] puts the result on a log; [`wheel`] starts the four
//! services in this process; [`commands`] has one file per subcommand. "Embedded" is a choice of ports made here.

pub mod api;
pub mod apply;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod exit;
pub mod http;
pub mod output;
pub mod sealed;
pub mod wheel;
