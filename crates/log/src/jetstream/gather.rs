//! A request that is answered by several messages: collected until the broker says that there are no more.

use std::time::Duration;

use async_nats::{Message, StatusCode, Subject};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::time::Instant;

use super::link::Link;
use crate::LogError;

/// How the answers ended.
#[derive(Debug)]
pub(super) enum End {
    /// As many as were wanted came.
    Full,
    /// The broker said so, with this status and these words.
    Status(StatusCode, String),
    /// No message and no heartbeat for too long, or the connection was lost (T23). Some may be under way.
    Silent,
}

/// The answers to one request.
#[derive(Debug)]
pub(super) struct Gathered {
    pub messages: Vec<Message>,
    pub end: End,
}

/// Asks and collects at most `wanted` messages, giving up after `silence` without any sign of life.
pub(super) async fn gather(
    link: &Link,
    subject: Subject,
    request: Bytes,
    wanted: usize,
    silence: Duration,
) -> Result<Gathered, LogError> {
    let loss = link.loss();
    tokio::pin!(loss);
    let mut answers = link.request_many(subject, request).await?;
    let mut messages = Vec::new();
    loop {
        let silent_at = Instant::now() + silence;
        let next = tokio::select! {
            biased;
            next = answers.next() => next,
            _ = &mut loss => None,
            () = tokio::time::sleep_until(silent_at) => None,
        };
        let Some(message) = next else { return Ok(Gathered { messages, end: End::Silent }) };
        match message.status {
            Some(StatusCode::IDLE_HEARTBEAT) => {}
            Some(status) => {
                let words = message.description.unwrap_or_default();
                return Ok(Gathered { messages, end: End::Status(status, words) });
            }
            None => messages.push(message),
        }
        if messages.len() == wanted {
            return Ok(Gathered { messages, end: End::Full });
        }
    }
}
