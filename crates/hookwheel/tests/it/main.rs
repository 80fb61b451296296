//! The binary from outside: its configuration, its commands, its demo, its services.

mod broker;
mod commands;
mod config;
mod demo;
mod kit;
mod up;
