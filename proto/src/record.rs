//! From meaning to records ready to append: subject, id, headers, bytes and the right expectation.
//!
//! Every record carries the headers `Hw-Kind` (such as `DeliveryReceived`), `Hw-Version` (`1`) and, where known,
//! `traceparent`.

use hookwheel_core::delivery::{DeliveryReceived, Notice};
use hookwheel_core::event::DeliveryOutcome;
use hookwheel_core::ids::SessionId;
use hookwheel_core::journal::Entry;
use hookwheel_core::run::RunRequested;
use hookwheel_log::{Append, Seq};

/// DeliveryReceived, expecting an empty subject. Its id is the delivery's.
pub fn delivery_received(delivery: &DeliveryReceived) -> Append {
    let _ = delivery;
    todo!()
}

/// DeliveryNormalized, DeliveryFiltered or DeliveryUnroutable, expecting an empty subject.
pub fn delivery_outcome(outcome: &DeliveryOutcome) -> Append {
    let _ = outcome;
    todo!()
}

/// RunRequested, expecting an empty subject. Its id is the run's.
pub fn run_requested(request: &RunRequested) -> Append {
    let _ = request;
    todo!()
}

/// A wake: "look at this session". Expects nothing; `id` must be new for every wake.
pub fn wake(session: &SessionId, id: &str, traceparent: Option<&str>) -> Append {
    let _ = (session, id, traceparent);
    todo!()
}

/// A journal entry, expecting `last` as the journal's last position (0 for the first). Its id is `<run>:<epoch>:<n>`.
pub fn run_entry(entry: &Entry, last: Seq) -> Append {
    let _ = (entry, last);
    todo!()
}

/// A notice; expects nothing.
pub fn notice(notice: &Notice, id: &str) -> Append {
    let _ = (notice, id);
    todo!()
}
