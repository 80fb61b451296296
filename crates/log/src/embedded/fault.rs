//! From SQLite's failures to the log's: what time may heal, and what only the operator can.

use crate::LogError;

/// SQLite's primary result codes for a file that is no longer, or never was, a database.
const CORRUPT: u32 = 11;
const NOT_A_DATABASE: u32 = 26;

/// A failure of the database.
pub fn fault(error: sqlx::Error) -> LogError {
    let extended = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<u32>().ok());
    match extended.map(|code| code & 0xff) {
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
        LogError::Unavailable(cause) => LogError::unavailable(cause.to_string()),
        other => LogError::unavailable(other.to_string()),
    }
}
