//! What SQLite's result codes mean here.

use sqlx::error::DatabaseError;

use crate::StoreError;
use crate::judge::{Means, judge};

pub(super) fn failed(error: sqlx::Error) -> StoreError {
    judge(error, of_code)
}

/// The low byte of an extended result code is the primary one.
fn of_code(error: &dyn DatabaseError) -> Means {
    let code: i64 = error.code().and_then(|code| code.parse().ok()).unwrap_or_default();
    match code & 0xff {
        ERROR => Means::Operator("the tables are missing or of another release; run `hookwheel migrate`"),
        READONLY => Means::Operator("make the database file and its folder writable"),
        CORRUPT | NOTADB => Means::Operator("remove the database file, then run `hookwheel projector rebuild`"),
        CONSTRAINT | MISMATCH => Means::Operator("the rows do not fit the log; run `hookwheel projector rebuild`"),
        _ => Means::Later,
    }
}

const ERROR: i64 = 1;
const READONLY: i64 = 8;
const CORRUPT: i64 = 11;
const CONSTRAINT: i64 = 19;
const MISMATCH: i64 = 20;
const NOTADB: i64 = 26;
