//! From SQLite's failures to the log's: what time may heal, and what only the operator can.

use crate::LogError;

/// SQLite's primary result codes for a file that is not, or no longer, a database.
const CORRUPT: &str = "11";
const NOT_A_DATABASE: &str = "26";

/// A failure of the database.
pub fn fault(error: sqlx::Error) -> LogError {
    let code = error.as_database_error().and_then(|e| e.code().map(|code| code.into_owned()));
    match code.as_deref() {
        Some(CORRUPT | NOT_A_DATABASE) => {
            LogError::Unfit(format!("the database file is damaged ({error}); restore it from a backup"))
        }
        _ => LogError::unavailable(error),
    }
}

/// The log was closed, or its last handle is gone.
pub fn closed() -> LogError {
    LogError::unavailable("the embedded log is closed")
}

/// A failure of one commit, told to everyone who waited for it.
pub fn shared(error: &LogError) -> LogError {
    match error {
        LogError::Unfit(why) => LogError::Unfit(why.clone()),
        other => LogError::unavailable(chain(other)),
    }
}

fn chain(error: &LogError) -> String {
    match error {
        LogError::Unavailable(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
