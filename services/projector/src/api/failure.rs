//! What callers hear when something is not there or does not work.

use axum::http::StatusCode;
use hookwheel_log::LogError;
use hookwheel_runtime::problem::Problem;
use hookwheel_store::StoreError;

const RETRY_AFTER: u32 = 2;

/// Why a question was not answered.
pub(super) enum Failure {
    Store(StoreError),
    Log(LogError),
    Problem(Box<Problem>),
}

impl From<StoreError> for Failure {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}

impl From<LogError> for Failure {
    fn from(cause: LogError) -> Self {
        Self::Log(cause)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem.into())
    }
}

impl From<Box<Problem>> for Failure {
    fn from(problem: Box<Problem>) -> Self {
        Self::Problem(problem)
    }
}

/// Nothing under this path.
pub(super) fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here")
}

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        match self {
            Self::Store(cause) => of_store(&cause),
            Self::Log(cause) => of_log(&cause),
            Self::Problem(problem) => *problem,
        }
        .into_response()
    }
}

fn of_store(cause: &StoreError) -> Problem {
    match cause {
        StoreError::Invalid("cursor") => {
            super::query::refused().fault("/query/cursor", "the next_cursor of an earlier page with the same filter")
        }
        StoreError::Invalid(_) => super::query::refused(),
        StoreError::Unavailable(_) => {
            tracing::warn!(%cause, "a question was not answered: {cause}");
            away("The tables cannot be read just now")
        }
        StoreError::OtherIncarnation { .. } | StoreError::Unfit(_) => {
            tracing::error!(%cause, "a question was not answered: {cause}");
            broken()
        }
    }
}

fn of_log(cause: &LogError) -> Problem {
    match cause {
        LogError::Missing(_) => not_found().detail("the body has aged out of the log"),
        cause if cause.is_transient() => {
            tracing::warn!(%cause, "a body was not read: {cause}");
            away("The log cannot be read just now")
        }
        cause => {
            tracing::error!(%cause, "a body was not read: {cause}");
            broken()
        }
    }
}

fn away(title: &'static str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title).retry_after(RETRY_AFTER)
}

/// Ours; the cause is in the service's log under the same request id.
pub(super) fn broken() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something is broken here; the operator's log says what",
    )
}
