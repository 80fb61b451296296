//! From stored records back to meaning.

use hookwheel_core::delivery::{DeliveryReceived, Notice};
use hookwheel_core::event::DeliveryOutcome;
use hookwheel_core::ids::SessionId;
use hookwheel_core::journal::Entry;
use hookwheel_core::run::RunRequested;
use hookwheel_log::Stored;

/// What a stored record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// `hw.delivery.*`
    DeliveryReceived(DeliveryReceived),
    /// `hw.notice.*`
    Notice(Notice),
    /// `hw.event.*`
    DeliveryOutcome(DeliveryOutcome),
    /// `hw.session.*`
    RunRequested(RunRequested),
    /// `hw.wake.*`
    Wake(SessionId),
    /// `hw.run.*`
    RunEntry(Entry),
    /// A kind this version does not know.
    Unknown {
        /// The name in its `Hw-Kind` header, if it has one.
        kind: Option<String>,
    },
}

/// The bytes are not what their kind says.
#[derive(Debug, thiserror::Error)]
#[error("record {seq} of {stream} is not a readable {kind}: {why}")]
pub struct DecodeError {
    /// Stream.
    pub stream: String,
    /// Position.
    pub seq: u64,
    /// What it should have been.
    pub kind: String,
    /// What is wrong, without payload bytes.
    pub why: String,
}

/// Reads a stored record. Unknown kinds and unknown fields are no error.
pub fn decode(record: &Stored) -> Result<Fact, DecodeError> {
    let _ = record;
    todo!()
}
