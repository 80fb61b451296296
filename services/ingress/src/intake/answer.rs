//! What a sender hears whose delivery is durable.

use std::time::Duration;

use bytes::Bytes;
use hookwheel_core::DeliveryId;
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
}

pub(super) fn done(done: &Done) -> Reply {
    let (status, word, delivery) = match done {
        Done::Accepted { delivery, .. } => (StatusCode::ACCEPTED, "accepted", delivery),
        Done::Duplicate { first } => (StatusCode::OK, "deduplicated", first),
    };
    // Ids are made of letters, digits and underscores, so nothing needs escaping.
    let body = format!(r#"{{"status":"{word}","delivery_id":"{delivery}"}}"#);
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

pub(super) fn count(hook: &Hook, done: &Done, took: Duration) {
    match done {
        Done::Accepted { body_bytes, .. } => {
            hook.meters.accepted(*body_bytes, took, hookwheel_runtime::clock::now_micros());
        }
        Done::Duplicate { .. } => hook.meters.duplicate(took),
    }
}
