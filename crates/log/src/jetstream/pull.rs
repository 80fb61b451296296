//! One pull from a consumer: what is there now, or the first that comes.

use std::time::Duration;

use async_nats::{Message, StatusCode, Subject};
use bytes::Bytes;
use serde_json::json;
use tokio::time::Instant;

use super::api::API;
use super::gather::{End, gather};
use super::link::Link;
use super::wire::{pairs, taken_apart};
use crate::{LogError, Seq, Stored};

/// Beyond a request's own end, an answer may be this late.
const GRACE: Duration = Duration::from_secs(2);
/// Waits shorter than this go without heartbeats.
const HEARTBEAT_FROM: Duration = Duration::from_secs(3);
/// The most that is asked for at once.
const MAX_PULL: usize = 1_000;

/// How a pull ended.
pub(super) struct Pulled {
    pub messages: Vec<Message>,
    /// The consumer has to be looked at: it is gone, has moved, or was silent. What was sent may not have arrived.
    pub broken: bool,
}

/// Pulls at most `max` messages; returns as soon as there is one, or empty after `wait` or when it broke.
pub(super) async fn pull(
    link: &Link,
    stream: &str,
    consumer: &str,
    max: usize,
    wait: Duration,
) -> Result<Pulled, LogError> {
    let subject = Subject::from(format!("{API}.CONSUMER.MSG.NEXT.{stream}.{consumer}"));
    let deadline = Instant::now() + wait;
    // The first request takes whatever is there, and ends at the first message otherwise. Beside another member that
    // waits already the broker may end it early: then one message is waited for in the plain way.
    let mut request = Request { batch: max.clamp(1, MAX_PULL), one_shot: true };
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let gathered = gather(link, subject.clone(), request.body(left), request.batch, request.silence(left)).await?;
        let broken = match &gathered.end {
            End::Full => false,
            End::Status(status, words) => is_broken(*status, words, stream, consumer)?,
            End::Silent => true,
        };
        if broken || !gathered.messages.is_empty() || Instant::now() + Duration::from_millis(5) >= deadline {
            return Ok(Pulled { messages: gathered.messages, broken });
        }
        request = Request { batch: 1, one_shot: false };
    }
}

struct Request {
    batch: usize,
    one_shot: bool,
}

impl Request {
    fn body(&self, wait: Duration) -> Bytes {
        let mut body = json!({ "batch": self.batch, "expires": nanos(wait) });
        if self.one_shot {
            body["no_wait"] = true.into();
        }
        if let Some(every) = heartbeat(wait) {
            body["idle_heartbeat"] = nanos(every).into();
        }
        Bytes::from(body.to_string())
    }

    fn silence(&self, wait: Duration) -> Duration {
        heartbeat(wait).map_or(wait, |every| every * 2) + GRACE
    }
}

fn heartbeat(wait: Duration) -> Option<Duration> {
    (wait >= HEARTBEAT_FROM).then(|| (wait / 3).min(Duration::from_secs(5)))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Whether the status ends more than the request.
fn is_broken(status: StatusCode, words: &str, stream: &str, consumer: &str) -> Result<bool, LogError> {
    match status {
        StatusCode::NOT_FOUND | StatusCode::TIMEOUT => Ok(false),
        StatusCode::NO_RESPONDERS => Ok(true),
        _ if words.contains("Deleted") => {
            Err(LogError::Missing(format!("consumer {consumer} of stream {stream} (run `hookwheel provision`)")))
        }
        _ if words.contains("Exceeded") => {
            Err(LogError::unavailable(format!("consumer {consumer} of stream {stream}: {words}")))
        }
        _ => Ok(true),
    }
}

/// A pulled message: the record, and what the broker tells about its delivery.
pub(super) struct Delivered {
    pub record: Stored,
    /// How often it was handed out, this time included.
    pub attempt: u32,
    /// Counts every message that the consumer sent.
    pub consumer_seq: Seq,
    /// Where its acknowledgement goes.
    pub reply: Subject,
}

/// Reads a pulled message.
pub(super) fn delivered(message: Message) -> Result<Delivered, LogError> {
    let reply = message.reply.clone().ok_or_else(|| unreadable("nothing"))?;
    let about = AckSubject::parse(&reply).ok_or_else(|| unreadable(&reply))?;
    let (id, headers) = taken_apart(message.headers.as_ref().map(pairs).unwrap_or_default());
    let record = Stored {
        stream: about.stream.into(),
        seq: about.stream_seq,
        subject: message.subject.as_str().into(),
        id,
        headers,
        payload: message.payload,
        at_micros: about.at_nanos.div_euclid(1_000),
    };
    Ok(Delivered { record, attempt: about.attempt, consumer_seq: about.consumer_seq, reply })
}

fn unreadable(reply: &str) -> LogError {
    LogError::Unfit(format!("the broker hands out messages with an unknown reply subject: {reply}"))
}

/// The fields in `$JS.ACK.<stream>.<consumer>.<attempt>.<stream seq>.<consumer seq>.<nanos>.<pending>`; the newer form
/// has a domain and an account before the stream, and may have more tokens after (T21).
#[derive(Debug, PartialEq, Eq)]
struct AckSubject<'a> {
    stream: &'a str,
    attempt: u32,
    stream_seq: Seq,
    consumer_seq: Seq,
    at_nanos: i64,
}

impl<'a> AckSubject<'a> {
    fn parse(reply: &'a str) -> Option<Self> {
        let tokens: Vec<&str> = reply.strip_prefix("$JS.ACK.")?.split('.').collect();
        let tokens = if tokens.len() > 7 { tokens.get(2..)? } else { &tokens };
        let [stream, _consumer, attempt, stream_seq, consumer_seq, nanos, _pending, ..] = tokens else { return None };
        Some(Self {
            stream,
            attempt: attempt.parse().ok()?,
            stream_seq: stream_seq.parse().ok()?,
            consumer_seq: consumer_seq.parse().ok()?,
            at_nanos: nanos.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_reply_subject_are_read() {
        let wanted = AckSubject { stream: "S", attempt: 2, stream_seq: 30, consumer_seq: 4, at_nanos: 1_500 };
        assert_eq!(AckSubject::parse("$JS.ACK.S.c.2.30.4.1500.7").unwrap(), wanted);
        assert_eq!(AckSubject::parse("$JS.ACK._.acc.S.c.2.30.4.1500.7").unwrap(), wanted);
        assert_eq!(AckSubject::parse("$JS.ACK.hub.acc.S.c.2.30.4.1500.7.token").unwrap(), wanted);
        assert_eq!(AckSubject::parse("$JS.ACK.S.c.2"), None);
        assert_eq!(AckSubject::parse("_INBOX.x"), None);
    }

    #[test]
    fn long_waits_ask_for_signs_of_life() {
        let body = |wait| String::from_utf8(Request { batch: 2, one_shot: false }.body(wait).to_vec()).unwrap();
        assert!(!body(Duration::from_secs(1)).contains("idle_heartbeat"));
        assert!(body(Duration::from_secs(6)).contains(r#""idle_heartbeat":2000000000"#));
    }
}
