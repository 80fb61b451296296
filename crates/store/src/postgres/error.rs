//! What Postgres' codes mean here.

use sqlx::error::DatabaseError;

use crate::StoreError;
use crate::judge::{Means, judge};

pub(super) fn failed(error: sqlx::Error) -> StoreError {
    judge(error, of_code)
}

/// By class, which is the code's first two characters, with the exceptions first.
fn of_code(error: &dyn DatabaseError) -> Means {
    let code = error.code().unwrap_or_default().into_owned();
    match (code.as_str(), code.get(..2).unwrap_or_default()) {
        (UNDEFINED_TABLE | UNDEFINED_COLUMN, _) => {
            Means::Operator("the tables are missing or of another release; run `hookwheel migrate`")
        }
        (INSUFFICIENT_PRIVILEGE, _) => Means::Operator("grant the database user what its owner has"),
        (READ_ONLY_TRANSACTION, _) => Means::Later,
        (_, INVALID_AUTHORIZATION) => Means::Operator("check user and password in HOOKWHEEL_DATABASE_URL"),
        (_, INVALID_CATALOG) => Means::Operator("create the database that HOOKWHEEL_DATABASE_URL names"),
        (_, DATA_EXCEPTION | INTEGRITY) => {
            Means::Operator("the rows do not fit the log; run `hookwheel projector rebuild`")
        }
        (_, SYNTAX_OR_ACCESS) => Means::Operator("the tables are of another release; run `hookwheel migrate`"),
        _ => Means::Later,
    }
}

const UNDEFINED_TABLE: &str = "42P01";
const UNDEFINED_COLUMN: &str = "42703";
const INSUFFICIENT_PRIVILEGE: &str = "42501";
/// A standby that has not been promoted yet.
const READ_ONLY_TRANSACTION: &str = "25006";
const DATA_EXCEPTION: &str = "22";
const INTEGRITY: &str = "23";
const INVALID_AUTHORIZATION: &str = "28";
const INVALID_CATALOG: &str = "3D";
const SYNTAX_OR_ACCESS: &str = "42";
