//! What can go wrong with the tables, and whose move is next.

/// A boxed cause from an engine.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Ours: the engine is away, busy or slow. Retry the same call.
    #[error("store is unavailable: {0}")]
    Unavailable(#[source] BoxError),
    /// The operator's: the stream was deleted and created again; rows and log no longer belong together. `rebuild` mends it.
    #[error(
        "stream {stream} has another incarnation than the tables were built from; run `hookwheel projector rebuild`"
    )]
    OtherIncarnation {
        /// Which stream.
        stream: String,
    },
    /// The operator's: the tables are of another version. The text says the remedy.
    #[error("store is not fit for use: {0}")]
    Unfit(String),
    /// The caller's: a cursor or filter this store did not make.
    #[error("invalid {0}")]
    Invalid(&'static str),
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
