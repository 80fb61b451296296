//! Whose move an engine's error is.

use sqlx::error::DatabaseError;

use crate::StoreError;

/// What the engine's own code means.
pub(crate) enum Means {
    /// Away, busy, slow or full: try again.
    Later,
    /// The operator's move, in these words.
    Operator(&'static str),
}

/// Errors without an engine's code are about the way to it, or about rows that are not what this release stores.
pub(crate) fn judge(error: sqlx::Error, of_code: fn(&dyn DatabaseError) -> Means) -> StoreError {
    match &error {
        sqlx::Error::Database(cause) => match of_code(cause.as_ref()) {
            Means::Later => StoreError::Unavailable(error.into()),
            Means::Operator(remedy) => StoreError::Unfit(format!("{cause}: {remedy}")),
        },
        sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::TypeNotFound { .. } => {
            StoreError::Unfit(format!("{error}: the tables are of another release; run `hookwheel migrate`"))
        }
        sqlx::Error::Configuration(_) => StoreError::Unfit(error.to_string()),
        _ => StoreError::Unavailable(error.into()),
    }
}
