//! The broker's answer to a publish, and whose move is next.

use serde::Deserialize;

use super::api::{ApiError, code};
use crate::{LogError, Seq};

/// The broker stored the message, or a whole batch.
#[derive(Debug, Deserialize)]
pub(super) struct Ack {
    /// Position of the message; of the last one, for a batch.
    pub seq: Seq,
    /// Messages in the batch.
    pub count: Option<u64>,
}

/// What to do about a refused publish.
#[derive(Debug)]
pub(super) enum Refusal {
    /// An expectation does not hold, or seems not to: look at the subject's last record (T4).
    Expectation,
    /// The same subject or id is in flight: wait for its end, then try again (T5).
    InFlight,
    /// A batch holds a record that was stored by an earlier try.
    HoldsDuplicate,
    /// Atomic batches are not to be had on this stream.
    NoBatches,
    /// Try again.
    Later(LogError),
    /// Give up.
    Final(LogError),
}

impl Refusal {
    /// Sorts the broker's error.
    pub fn of(error: &ApiError, stream: &str) -> Self {
        match error.err_code {
            code::WRONG_LAST => Self::Expectation,
            code::IN_FLIGHT | code::ID_IN_FLIGHT => Self::InFlight,
            code::BATCH_HOLDS_DUPLICATE => Self::HoldsDuplicate,
            code::BATCH_DISABLED => Self::NoBatches,
            code::BATCH_INCOMPLETE => Self::Later(LogError::unavailable("a part of the batch was lost on its way")),
            code::STORE_FAILED => Self::Final(LogError::unavailable(format!(
                "stream {stream} takes no more: {}; raise its max_bytes or shorten its max_age",
                error.description
            ))),
            // A stream may be unknown for a moment after a restart or between two leaders (T9).
            code::NO_STREAM => Self::Later(LogError::unavailable(format!("stream {stream} is not there yet"))),
            _ if error.is_transient() => Self::Later(error.about(&format!("stream {stream}"))),
            _ => Self::Final(error.about(&format!("stream {stream}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: u64, err_code: u64) -> Refusal {
        Refusal::of(&ApiError { code, err_code, description: "words".into() }, "RUNS")
    }

    #[test]
    fn a_subject_in_flight_is_no_duplicate() {
        assert!(matches!(refusal(400, 10164), Refusal::InFlight));
        assert!(matches!(refusal(400, 10071), Refusal::Expectation));
    }

    #[test]
    fn a_full_stream_is_transient_and_not_tried_again_at_once() {
        assert!(matches!(refusal(503, 10077), Refusal::Final(error) if error.is_transient()));
    }

    #[test]
    fn a_busy_broker_is_tried_again_and_a_wrong_request_is_not() {
        assert!(matches!(refusal(429, 10167), Refusal::Later(error) if error.is_transient()));
        assert!(matches!(refusal(503, 10008), Refusal::Later(_)));
        assert!(matches!(refusal(400, 10165), Refusal::Final(error) if !error.is_transient()));
    }
}
