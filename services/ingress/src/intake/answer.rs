//! What a sender hears whose delivery is durable.

use std::time::Duration;

use bytes::Bytes;
use hookwheel_core::DeliveryId;
use hookwheel_sources::handshake::Answer;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;
use hyper::Response;

use super::Reply;
use crate::hooks::Hook;

/// A delivery that is durable.
pub(crate) enum Done {
    /// It is new.
    Accepted { delivery: DeliveryId, body_bytes: usize },
    /// Its key was there; this is the first delivery's id.
    Duplicate { first: DeliveryId },
    /// Its body came before under another key; this is the first delivery's id.
    Replayed { first: DeliveryId },
    /// It is new and stored, and starts nothing. Told only by webhooks that ask their filters at the door.
    Filtered { delivery: DeliveryId, body_bytes: usize },
    /// An unsigned handshake was answered; nothing is stored.
    Greeted,
}

/// A request that was taken, and what a handshake hears instead of the usual answer.
pub(crate) struct Taken {
    pub(crate) done: Done,
    pub(crate) answer: Option<Answer>,
}

pub(super) fn taken(hook: &Hook, taken: Taken) -> Reply {
    let (status, word, delivery) = match (&taken.done, taken.answer) {
        (_, Some(answer)) => return said(answer),
        _ if hook.webhook.gate.quiet => return quiet(),
        (Done::Accepted { delivery, .. }, None) => (StatusCode::ACCEPTED, "accepted", delivery),
        (Done::Duplicate { first }, None) => (StatusCode::OK, "deduplicated", first),
        (Done::Replayed { first }, None) => (StatusCode::OK, r#"deduplicated","reason":"body"#, first),
        (Done::Filtered { delivery, .. }, None) => (StatusCode::OK, "filtered", delivery),
        (Done::Greeted, None) => return Response::new(Full::default()),
    };
    // Ids are made of letters, digits and underscores, so nothing needs escaping.
    let body = format!(r#"{{"status":"{word}","delivery_id":"{delivery}"}}"#);
    json(status, Bytes::from(body))
}

/// What every sender of a quiet webhook hears.
pub(super) fn quiet() -> Reply {
    json(StatusCode::OK, Bytes::from_static(br#"{"ok":true}"#))
}

fn json(status: StatusCode, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

fn said(answer: Answer) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(answer.body)));
    *reply.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in answer.headers {
        // What is repeated was sent as a header or is ours, so it fits into one.
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            reply.headers_mut().insert(name, value);
        }
    }
    reply
}

pub(super) fn count(hook: &Hook, done: &Done, took: Duration) {
    match done {
        Done::Accepted { body_bytes, .. } | Done::Filtered { body_bytes, .. } => {
            hook.meters.accepted(*body_bytes, took, hookwheel_runtime::clock::now_micros());
        }
        Done::Duplicate { .. } | Done::Replayed { .. } => hook.meters.duplicate(took),
        Done::Greeted => hook.meters.greeted(),
    }
}
