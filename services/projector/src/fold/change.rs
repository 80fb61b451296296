//! What a batch of records means for the tables.

use hookwheel_log::Stored;
use hookwheel_proto::{Fact, decode};
use hookwheel_runtime::metrics::PROJECTOR_EVENTS_TOTAL;
use hookwheel_store::Change;
use metrics::counter;

/// What a record means for the tables.
enum Meaning {
    Change(Change),
    /// Nothing: a hint, or a kind this version does not know. It stays in the log for a version that does.
    Nothing,
    /// Its bytes are not what its kind says. It stays in the log for whoever mends the reader.
    Unreadable,
}

/// The facts of a batch, each with its position. What is no fact is counted and left out; nothing stops the fold.
pub(super) fn changes(records: &[Stored]) -> Vec<(u64, Change)> {
    let mut changes = Vec::with_capacity(records.len());
    let (mut skipped, mut failed) = (0, 0);
    for record in records {
        match meaning(record) {
            Meaning::Change(change) => changes.push((record.seq, change)),
            Meaning::Nothing => skipped += 1,
            Meaning::Unreadable => failed += 1,
        }
    }
    counter!(PROJECTOR_EVENTS_TOTAL, "outcome" => "skipped").increment(skipped);
    counter!(PROJECTOR_EVENTS_TOTAL, "outcome" => "failed").increment(failed);
    changes
}

fn meaning(record: &Stored) -> Meaning {
    let fact = match decode(record) {
        Ok(fact) => fact,
        Err(cause) => {
            tracing::warn!(stream = record.stream, seq = record.seq, "{cause}; it is left out of the tables");
            return Meaning::Unreadable;
        }
    };
    Meaning::Change(match fact {
        Fact::DeliveryReceived(delivery) => Change::Delivery(Box::new(delivery)),
        Fact::DeliveryOutcome(outcome) => Change::Outcome(Box::new(outcome)),
        Fact::RunRequested(request) => Change::Requested(Box::new(request)),
        Fact::RunEntry(entry) => Change::Entry(Box::new(entry)),
        Fact::Notice(notice) => Change::Notice(Box::new(notice)),
        Fact::Wake(_) => return Meaning::Nothing,
        Fact::Unknown { kind } => {
            let kind = kind.as_deref().unwrap_or("none");
            tracing::warn!(stream = record.stream, seq = record.seq, kind, "skipped a record of an unknown kind");
            return Meaning::Nothing;
        }
    })
}
