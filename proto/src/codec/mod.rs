//! Meaning to wire messages and back: one file for each group of kinds.
//!
//! What is not understood is never guessed at. An unknown *field* is skipped (records are never rewritten, so the log
//! keeps it). An unknown *kind* of journal entry is carried with its bytes. An unknown *value* of a known field is a
//! [`Fault`]: half of a fact is worse than none, since a reader that misses how a run ended would run it again.

pub mod delivery;
pub mod event;
pub mod journal;
pub mod notice;
pub mod run;
mod turn;
mod value;

use hookwheel_core::Timestamp;
use hookwheel_core::ids::BadId;

/// Why bytes are not the message they should be. Names fields and numbers, never quotes the bytes.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Not a message at all.
    #[error(transparent)]
    Malformed(#[from] prost::DecodeError),
    /// A field without which the fact means nothing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field that is not what it should be.
    #[error("{field} is not {kind}")]
    Unsound {
        /// The field.
        field: &'static str,
        /// What it should be.
        kind: &'static str,
    },
    /// A newer writer's value.
    #[error("{field} has the value {value}, which this version does not know: upgrade the reader")]
    UnknownValue {
        /// The field.
        field: &'static str,
        /// Its number.
        value: i32,
    },
}

/// An id, checked as it was where it entered.
fn id<T: TryFrom<String, Error = BadId>>(field: &'static str, text: String) -> Result<T, Fault> {
    T::try_from(text).map_err(|bad| Fault::Unsound { field, kind: bad.kind })
}

/// An id that may be absent.
fn opt_id<T: TryFrom<String, Error = BadId>>(field: &'static str, text: Option<String>) -> Result<Option<T>, Fault> {
    text.map(|text| id(field, text)).transpose()
}

/// A digest as [`hookwheel_core::ids::digest`] writes it. It ends up in subjects.
fn digest(field: &'static str, text: String) -> Result<String, Fault> {
    let sound = text.len() == 32 && text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
    if sound { Ok(text) } else { Err(Fault::Unsound { field, kind: "a digest of 32 of [a-z2-7]" }) }
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
