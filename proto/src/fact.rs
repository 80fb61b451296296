//! From stored records back to meaning.

use hookwheel_core::delivery::{DeliveryReceived, Notice};
use hookwheel_core::event::DeliveryOutcome;
use hookwheel_core::ids::SessionId;
use hookwheel_core::journal::Entry;
use hookwheel_core::run::RunRequested;
use hookwheel_log::Stored;
use prost::Message;

use crate::codec::{self, Fault};
use crate::kind::{CURRENT, KIND, Shape, TRACEPARENT, VERSION};

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

/// Reads a stored record by its `Hw-Kind` header, or by its subject if it has none.
///
/// A kind or a version this reader does not know is [`Fact::Unknown`], and unknown fields are skipped. An unknown value
/// of a known field is an error: half of a fact would be misread.
pub fn decode(record: &Stored) -> Result<Fact, DecodeError> {
    let kind = record.header(KIND);
    let shape = match kind {
        Some(name) => Shape::of_kind(name),
        None => Shape::of_subject(&record.subject),
    };
    let readable = record.header(VERSION).is_none_or(|version| version == CURRENT);
    let Some(shape) = shape.filter(|_| readable) else {
        return Ok(Fact::Unknown { kind: kind.map(str::to_owned) });
    };
    read(shape, record).map_err(|fault| DecodeError {
        stream: record.stream.clone(),
        seq: record.seq,
        kind: format!("{shape:?}"),
        why: fault.to_string(),
    })
}

fn read(shape: Shape, record: &Stored) -> Result<Fact, Fault> {
    let bytes = record.payload.clone();
    let traceparent = record.header(TRACEPARENT).map(str::to_owned);
    Ok(match shape {
        Shape::DeliveryReceived => Fact::DeliveryReceived(codec::delivery::read(Message::decode(bytes)?, traceparent)?),
        Shape::DeliveryOutcome => Fact::DeliveryOutcome(codec::event::read(Message::decode(bytes)?)?),
        Shape::RunRequested => Fact::RunRequested(codec::run::read(Message::decode(bytes)?, traceparent)?),
        Shape::Wake => Fact::Wake(codec::run::read_wake(Message::decode(bytes)?)?),
        Shape::RunEntry => Fact::RunEntry(codec::journal::read(Message::decode(bytes)?, traceparent)?),
        Shape::Notice => Fact::Notice(codec::notice::read(Message::decode(bytes)?)?),
    })
}
