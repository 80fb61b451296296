//! The bytes of records: golden files, round trips, and readers older or newer than the writer.

#![expect(clippy::unwrap_used, reason = "a test may fail where it likes")]

mod compat;
mod generate;
mod golden;
mod round_trip;
mod samples;

use hookwheel_log::{Append, Stored};
use hookwheel_proto::{Fact, decode};

/// The record as the log would give it back.
fn stored(record: Append) -> Stored {
    Stored {
        stream: "TEST".into(),
        seq: 7,
        subject: record.subject.to_string(),
        id: record.id,
        headers: record.headers,
        payload: record.payload,
        at_micros: 0,
    }
}

fn back(record: Append) -> Fact {
    decode(&stored(record)).unwrap()
}
