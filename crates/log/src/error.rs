//! What can go wrong with the log, and whose move is next.

/// A boxed cause from a back end.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Being refused by an expectation is an [`Outcome`](crate::Outcome), not an error.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Ours: the log is away, stopped, full or out of quorum. The record may or may not be stored; retry the same record.
    #[error("log is unavailable: {0}")]
    Unavailable(#[source] BoxError),
    /// Ours: no answer inside the bound. The record may or may not be stored; retry the same record.
    #[error("log did not answer within {0:?}")]
    Timeout(std::time::Duration),
    /// The caller's: never retry.
    #[error("record of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// Bytes of the record's subject, headers and payload.
        size: usize,
        /// The most this log takes.
        limit: usize,
    },
    /// The operator's: a stream, consumer, bucket or blob that should be there is not.
    #[error("{0} is missing from the log")]
    Missing(String),
    /// The operator's: the log is set up in a way that would break a promise. The text says the remedy.
    #[error("log is not fit for use: {0}")]
    Unfit(String),
    /// The caller's: not a subject, a key or a record this log takes.
    #[error("invalid {what}: {why}")]
    Invalid {
        /// Which input.
        what: &'static str,
        /// Why it was refused.
        why: String,
    },
}

impl LogError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Timeout(_))
    }

    /// Wraps a back end's failure that time may heal.
    pub fn unavailable(cause: impl Into<BoxError>) -> Self {
        Self::Unavailable(cause.into())
    }
}
