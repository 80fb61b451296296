//! Every way to say no: what the sender hears, and what is counted.
//!
//! The sender hears a stable code and nothing of the input, nor which part of a signature was wrong.

use std::sync::Arc;

use hookwheel_runtime::problem::{CONTENT_TYPE, Problem};
use hookwheel_sources::{BadBody, Headers, Refusal};
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;
use hyper::Response;

use super::{Reply, answer};
use crate::flood;
use crate::hooks::{Hook, Unbelieved};

/// When a sender should try again after a fault of ours, seconds.
const RETRY_AFTER: u32 = 5;

/// Why a request was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum No {
    /// No such webhook.
    NotFound,
    /// There is one, switched off; the sender hears the same.
    Disabled,
    BadPath,
    BadTarget,
    TargetTooLong,
    HeadTooLarge,
    Method,
    /// An OPTIONS request, which is answered but grants nothing.
    Options,
    TooLarge,
    Encoding,
    BodyTimeout,
    /// Its chunks are malformed.
    BodyBroken,
    /// The sender hung up before its end; nobody will hear the answer.
    Aborted,
    Unbelieved(Refusal),
    Meaningless(BadBody),
    /// A provider's handshake names a token that is not ours.
    WrongToken,
    /// More of its kind than a second has room for.
    TooMany,
    /// Its sender's address is not on the webhook's list.
    Forbidden,
    /// Its source has failed too often of late.
    Flooded,
    /// Over the webhook's limit, or over all webhooks' together. Seconds until there may be room.
    Limited {
        retry_after: u32,
    },
    /// A secret of this webhook cannot be read.
    SecretsUnavailable,
    /// CONFIG was never read.
    NotReady,
    /// The log does not take it now.
    Unavailable,
    /// No memory for another body.
    Overloaded,
    Draining,
}

impl From<Unbelieved> for No {
    fn from(unbelieved: Unbelieved) -> Self {
        match unbelieved {
            Unbelieved::Refused(refusal) => Self::Unbelieved(refusal),
            Unbelieved::SecretsUnavailable => Self::SecretsUnavailable,
        }
    }
}

/// A refusal, and at which webhook if that is known.
pub(crate) struct Refused {
    pub(crate) no: No,
    pub(crate) hook: Option<Arc<Hook>>,
    /// As sent; only their names are ever told.
    pub(crate) headers: Headers,
}

impl From<No> for Refused {
    fn from(no: No) -> Self {
        Self { no, hook: None, headers: Headers::default() }
    }
}

impl Refused {
    /// At this webhook.
    pub(crate) fn at(self, hook: &Arc<Hook>) -> Self {
        Self { hook: Some(Arc::clone(hook)), ..self }
    }

    /// With these headers.
    pub(crate) fn with(self, headers: Headers) -> Self {
        Self { headers, ..self }
    }

    /// Counts it.
    pub(crate) fn count(&self) {
        if self.no == No::Aborted {
            return crate::meters::aborted();
        }
        let (status, ..) = self.no.told();
        crate::meters::refused(self.hook.as_ref().map(|h| &h.meters), status.as_u16(), self.no.reason());
    }

    /// Whether its sender hears nothing of it: the webhook is a quiet one, and the fault is not ours.
    fn is_hushed(&self) -> bool {
        let quiet = self.hook.as_ref().is_some_and(|hook| hook.webhook.gate.quiet);
        quiet && self.no != No::Disabled && self.no.told().0.is_client_error()
    }

    /// What the sender hears.
    pub(crate) fn reply(&self) -> Reply {
        let (status, code, title) = self.no.told();
        if self.no == No::Options {
            let mut reply = Response::new(Full::default());
            *reply.status_mut() = status;
            allow_post(&mut reply);
            return reply;
        }
        let mut problem = Problem::new(status, code, title).instance(uuid::Uuid::now_v7().to_string());
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            problem = problem.retry_after(self.no.retry_after());
        }
        let mut reply = if self.is_hushed() { answer::quiet() } else { rendered(&problem) };
        if self.no == No::Method {
            allow_post(&mut reply);
        }
        if self.no.closes() {
            reply.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        reply
    }
}

fn rendered(problem: &Problem) -> Reply {
    let mut reply = Response::new(Full::new(problem.to_bytes()));
    *reply.status_mut() = problem.status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    if let Some(seconds) = problem.retry_after {
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    reply
}

fn allow_post(reply: &mut Reply) {
    reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST, OPTIONS"));
}

impl No {
    /// Refused at this webhook.
    pub(crate) fn at(self, hook: &Arc<Hook>) -> Refused {
        Refused::from(self).at(hook)
    }

    /// Status, code and title.
    fn told(self) -> (StatusCode, &'static str, &'static str) {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const OURS: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            Self::NotFound | Self::Disabled => (StatusCode::NOT_FOUND, "not_found", "There is nothing here"),
            Self::BadPath => (BAD, "bad_path", "The path is not well escaped"),
            Self::BadTarget => (BAD, "bad_request", "The request target must be a path"),
            Self::TargetTooLong => (StatusCode::URI_TOO_LONG, "uri_too_long", "The request target is too long"),
            Self::HeadTooLarge => {
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", "A header is too long")
            }
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Deliveries are sent with POST"),
            Self::Options => (StatusCode::NO_CONTENT, "", ""),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body is larger than this webhook takes")
            }
            Self::Encoding => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", "Compressed bodies are not taken")
            }
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "request_timeout", "The body did not come in time"),
            Self::BodyBroken | Self::Aborted => (BAD, "bad_request", "The body could not be read"),
            Self::Unbelieved(_) => (StatusCode::UNAUTHORIZED, "unauthorized", "The request is not authenticated"),
            Self::Meaningless(bad) => meaningless(bad),
            Self::WrongToken => (StatusCode::FORBIDDEN, "forbidden", "The token is not the one agreed on"),
            Self::TooMany | Self::Flooded => (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests"),
            Self::Limited { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "The limit of this webhook is reached")
            }
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "This webhook takes nothing from here"),
            Self::SecretsUnavailable => (OURS, "secrets_unavailable", "This webhook cannot check signatures now"),
            Self::NotReady | Self::Unavailable => (OURS, "unavailable", "The delivery could not be stored"),
            Self::Overloaded => (OURS, "overloaded", "Too many bodies are being received"),
            Self::Draining => (OURS, "draining", "This replica is shutting down"),
        }
    }

    /// The rule that refused, one of [`hookwheel_core::rejection`].
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Unbelieved(refusal) => refusal.as_str(),
            Self::WrongToken => "wrong_token",
            Self::Flooded => "flooded",
            other => other.told().1,
        }
    }

    /// The label of the counted rejection. Faults of ours, and requests that are no delivery at all, have none.
    pub(crate) fn reason(self) -> Option<&'static str> {
        match self {
            Self::NotFound => Some("unknown_webhook"),
            Self::Disabled => Some("disabled"),
            Self::TooLarge => Some("body_too_large"),
            Self::Encoding | Self::Meaningless(BadBody::UnsupportedType) => Some("bad_content_type"),
            Self::BadPath | Self::BadTarget | Self::TargetTooLong | Self::HeadTooLarge => Some("malformed"),
            Self::BodyTimeout | Self::BodyBroken | Self::Meaningless(_) => Some("malformed"),
            Self::Unbelieved(refusal) => Some(match refusal {
                Refusal::MissingSignature | Refusal::TimestampMissing => "signature_missing",
                Refusal::TimestampStale | Refusal::TimestampFuture => "timestamp_skew",
                Refusal::MalformedSignature
                | Refusal::SignatureMismatch
                | Refusal::TimestampMalformed
                | Refusal::NoKnownVersion
                | Refusal::SecretNotConfigured => "signature_invalid",
            }),
            Self::WrongToken => Some("signature_invalid"),
            Self::TooMany | Self::Flooded | Self::Limited { .. } => Some("rate_limited"),
            Self::Forbidden => Some("ip_denied"),
            Self::Method | Self::Options | Self::Aborted => None,
            Self::SecretsUnavailable | Self::NotReady | Self::Unavailable | Self::Overloaded | Self::Draining => None,
        }
    }

    /// When a sender should try again, seconds.
    fn retry_after(self) -> u32 {
        match self {
            Self::Limited { retry_after } => retry_after,
            Self::Flooded => flood::RETRY_AFTER,
            _ => RETRY_AFTER,
        }
    }

    /// Whether the connection cannot be used any further: there may be a body that nobody read.
    fn closes(self) -> bool {
        let read = matches!(self, Self::Unbelieved(_) | Self::Meaningless(_) | Self::Limited { .. });
        !read && !matches!(self, Self::SecretsUnavailable | Self::Unavailable)
    }
}

fn meaningless(bad: BadBody) -> (StatusCode, &'static str, &'static str) {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    match bad {
        BadBody::Empty => (BAD, "empty_body", "The body is empty"),
        BadBody::InvalidJson => (BAD, "invalid_json", "The body is not valid JSON"),
        BadBody::InvalidForm => (BAD, "invalid_form", "The form must have exactly one payload"),
        BadBody::UnexpectedShape => (BAD, "unexpected_shape", "The body is not what this source sends"),
        BadBody::DuplicateKey => (BAD, "duplicate_key", "The body names the same thing twice"),
        BadBody::EventMismatch => (BAD, "event_mismatch", "The body does not fit the event's name"),
        BadBody::BadDeliveryId => (BAD, "bad_delivery_id", "The delivery id is too long or there twice"),
        BadBody::UnsupportedType => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_type", "This source takes no such content type")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_leaves_a_notice_is_explained_to_the_operator() {
        let refusals = [
            Refusal::MissingSignature,
            Refusal::MalformedSignature,
            Refusal::SignatureMismatch,
            Refusal::TimestampMissing,
            Refusal::TimestampMalformed,
            Refusal::TimestampStale,
            Refusal::TimestampFuture,
            Refusal::NoKnownVersion,
            Refusal::SecretNotConfigured,
        ];
        let bodies = [
            BadBody::Empty,
            BadBody::InvalidJson,
            BadBody::InvalidForm,
            BadBody::UnexpectedShape,
            BadBody::DuplicateKey,
            BadBody::EventMismatch,
            BadBody::BadDeliveryId,
            BadBody::UnsupportedType,
        ];
        let others = [
            No::Disabled,
            No::TooLarge,
            No::Encoding,
            No::BodyTimeout,
            No::BodyBroken,
            No::WrongToken,
            No::TooMany,
            No::Flooded,
            No::Forbidden,
            No::Limited { retry_after: 1 },
        ];
        let all = refusals.map(No::Unbelieved).into_iter().chain(bodies.map(No::Meaningless)).chain(others);
        for no in all {
            assert!(no.reason().is_some(), "{no:?}");
            assert!(hookwheel_core::rejection::explain(no.rule()).is_some(), "{no:?}: {}", no.rule());
        }
    }
}
