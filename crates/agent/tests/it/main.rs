//! Real wire formats against a small server that replays hand-written transcripts.

mod failures;
mod server;
mod tools;
mod wire;
