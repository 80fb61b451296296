//! The broker's JSON API: requests, answers, error codes.

use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::link::{CALL_WITHIN, Link, NoAnswer, TRY_WITHIN};
use crate::LogError;

/// Subjects of the API.
pub(super) const API: &str = "$JS.API";

/// The broker's own error codes that we act on.
pub(super) mod code {
    /// The subject's last sequence is not the expected one.
    pub const WRONG_LAST: u64 = 10071;
    /// The same subject is still in flight (T5), or twice in one batch.
    pub const IN_FLIGHT: u64 = 10164;
    /// The same message id is still in flight.
    pub const ID_IN_FLIGHT: u64 = 10158;
    /// A batch holds a message id that was stored lately.
    pub const BATCH_HOLDS_DUPLICATE: u64 = 10201;
    /// Messages of a batch were lost on the way, or the batch was given up.
    pub const BATCH_INCOMPLETE: u64 = 10176;
    /// Atomic batches are not allowed on the stream.
    pub const BATCH_DISABLED: u64 = 10174;
    /// There is no such message.
    pub const NO_MESSAGE: u64 = 10037;
    /// There is no such stream.
    pub const NO_STREAM: u64 = 10059;
    /// There is no such consumer.
    pub const NO_CONSUMER: u64 = 10014;
    /// The message could not be stored; most often because the stream is full.
    pub const STORE_FAILED: u64 = 10077;
}

/// The broker's refusal.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ApiError {
    /// The HTTP-like class.
    pub code: u64,
    /// The exact error.
    #[serde(default)]
    pub err_code: u64,
    /// The broker's words.
    #[serde(default)]
    pub description: String,
}

impl ApiError {
    /// Whether time may heal it: no leader, no quorum, too many requests, not enough resources.
    pub fn is_transient(&self) -> bool {
        matches!(self.code, 408 | 429) || self.code >= 500
    }

    /// As an error of the log, about this stream, consumer or bucket.
    pub fn about(&self, what: &str) -> LogError {
        let text = format!("{what}: {} (broker error {})", self.description, self.err_code);
        match self.err_code {
            code::NO_STREAM | code::NO_CONSUMER => LogError::Missing(format!("{what} (run `hookwheel provision`)")),
            _ if self.is_transient() => LogError::unavailable(text),
            _ => LogError::Unfit(text),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Refused { error: ApiError },
    Done(T),
}

/// Asks the API and retries until the call's bound while nobody answers. Only for requests that may be repeated.
pub(super) async fn call<T: DeserializeOwned>(
    link: &Link,
    what: &str,
    body: &impl Serialize,
) -> Result<Result<T, ApiError>, LogError> {
    let subject = async_nats::Subject::from(format!("{API}.{what}"));
    let body = Bytes::from(serde_json::to_vec(body).map_err(|error| malformed(&error))?);
    let deadline = Instant::now() + CALL_WITHIN;
    loop {
        let try_until = deadline.min(Instant::now() + TRY_WITHIN);
        match link.request(subject.clone(), None, body.clone(), try_until).await {
            Ok(message) => match parse(&message.payload)? {
                Err(error) if error.is_transient() => pause(deadline, error.about(what)).await?,
                answer => return Ok(answer),
            },
            Err(NoAnswer::NotSent(error)) => return Err(error),
            Err(no_answer) => pause(deadline, no_answer.into()).await?,
        }
        link.ready_by(deadline).await?;
    }
}

/// What the API answered.
pub(super) fn parse<T: DeserializeOwned>(payload: &[u8]) -> Result<Result<T, ApiError>, LogError> {
    match serde_json::from_slice(payload).map_err(|error| malformed(&error))? {
        Answer::Refused { error } => Ok(Err(error)),
        Answer::Done(done) => Ok(Ok(done)),
    }
}

/// A short random pause, or the error when it would pass the deadline.
pub(super) async fn pause(deadline: Instant, error: LogError) -> Result<(), LogError> {
    let pause = Duration::from_millis(rand::random_range(5..50));
    if Instant::now() + pause >= deadline {
        return Err(error);
    }
    tokio::time::sleep(pause).await;
    Ok(())
}

fn malformed(error: &serde_json::Error) -> LogError {
    LogError::Unfit(format!("the broker speaks another dialect than this version: {error}"))
}
