//! Errors to HTTP callers: `application/problem+json` with a stable `code`, no echo of input.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Serialize, Serializer};

/// The media type of every error.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// One error, as RFC 9457 has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Always `/problems/<code>`.
    #[serde(rename = "type", serialize_with = "as_type")]
    kind: &'static str,
    /// One short line, the same for every occurrence of the code.
    pub title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    pub status: StatusCode,
    /// Stable and snake_case; what programs match on.
    pub code: &'static str,
    /// What to do about this occurrence. Ours, never the caller's bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The request's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Which inputs are wrong, when several can be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// Seconds after which another try makes sense, for `Retry-After`.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

/// One wrong input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Which: `/query/limit`, or a JSON pointer into the body.
    pub pointer: String,
    /// What is wanted instead.
    pub detail: String,
}

impl Problem {
    /// An error with this status, code and title.
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { kind: code, title, status, code, detail: None, instance: None, errors: vec![], retry_after: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the request's id.
    #[must_use]
    pub fn instance(mut self, request_id: impl Into<String>) -> Self {
        self.instance = Some(request_id.into());
        self
    }

    /// Adds a wrong input.
    #[must_use]
    pub fn fault(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(Fault { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Says when another try makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The body.
    pub fn to_bytes(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.to_bytes()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

fn as_type<S: Serializer>(code: &&'static str, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("/problems/{code}"))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn as_number<S: Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_type_title_status_code_and_instance_in_under_400_bytes() {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The log cannot be reached")
            .instance("01980000-0000-7000-8000-000000000000")
            .retry_after(5);
        let bytes = problem.to_bytes();
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "type": "/problems/unavailable", "title": "The log cannot be reached", "status": 503,
                "code": "unavailable", "instance": "01980000-0000-7000-8000-000000000000",
            })
        );
        assert!(bytes.len() < 400);

        let response = problem.into_response();
        assert_eq!(response.headers()["retry-after"], "5");
        assert_eq!(response.headers()["content-type"], CONTENT_TYPE);
    }

    #[test]
    fn wrong_inputs_are_listed() {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "The query cannot be read")
            .fault("/query/limit", "a number from 1 to 200");
        let json: serde_json::Value = serde_json::from_slice(&problem.to_bytes()).unwrap();
        assert_eq!(
            json["errors"],
            serde_json::json!([{"pointer": "/query/limit", "detail": "a number from 1 to 200"}])
        );
    }
}
