//! Small steps between the log's values and SQLite's.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::fault::fault;
use crate::{LogError, Seq};

/// SQLite's integers are signed; positions never come near the difference.
pub fn signed(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// A column that is never negative.
pub fn position(row: &SqliteRow, column: usize) -> Result<u64, LogError> {
    let value: i64 = row.try_get(column).map_err(fault)?;
    Ok(u64::try_from(value).unwrap_or_default())
}

/// Numbers as one argument, for `json_each`.
pub fn json(values: &(impl serde::Serialize + ?Sized)) -> Result<String, LogError> {
    serde_json::to_string(values).map_err(LogError::unavailable)
}

/// An argument of LIMIT.
pub fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}

/// So many items, with commas between.
pub fn list(item: &str, count: usize) -> String {
    let mut text = String::with_capacity((item.len() + 1) * count);
    for n in 0..count {
        if n > 0 {
            text.push(',');
        }
        text.push_str(item);
    }
    text
}
