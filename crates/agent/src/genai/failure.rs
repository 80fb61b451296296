//! Four classes out of everything that can go wrong with a call.

use std::time::Duration;

use genai::Error;
use genai::webc;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::model::ModelError;

/// Characters of the provider's own words that are kept.
const MAX_DETAIL: usize = 300;

/// The library's own texts quote whole requests and answers, so none of them is used.
pub(super) fn classify(error: &Error, key: Option<&str>) -> ModelError {
    if let Some(status) = error.status() {
        return by_status(status, error.headers(), &clean(&words(error), key));
    }
    let retryable = |detail: &str| ModelError::Retryable { detail: clean(detail, key), after: None };
    match error {
        Error::WebModelCall { webc_error, .. } | Error::WebAdapterCall { webc_error, .. } => match webc_error {
            webc::Error::Reqwest(cause) if cause.is_timeout() => retryable("the provider did not answer in time"),
            webc::Error::Reqwest(cause) if cause.is_builder() => ModelError::Permanent {
                detail: "the request could not be built: check key and base_url".into(),
                status: None,
            },
            webc::Error::Reqwest(cause) if cause.is_connect() => retryable("the provider cannot be reached"),
            webc::Error::Reqwest(_) => retryable("the connection broke"),
            _ => retryable("the provider's answer is not JSON"),
        },
        Error::ChatResponseGeneration { .. }
        | Error::NoChatResponse { .. }
        | Error::InvalidJsonResponseElement { .. } => retryable("the provider's answer is not of the expected shape"),
        _ => ModelError::Permanent { detail: "the request does not suit this provider".into(), status: None },
    }
}

fn by_status(status: StatusCode, headers: Option<&HeaderMap>, said: &str) -> ModelError {
    let detail = format!("status {}: {said}", status.as_u16());
    let after = headers.and_then(retry_after);
    let code = status.as_u16();
    if too_long(code, said) {
        ModelError::ContextOverflow { detail }
    } else if code == 429 {
        ModelError::RateLimited { detail, after }
    } else if status.is_server_error() || matches!(code, 408 | 409 | 425) {
        ModelError::Retryable { detail, after }
    } else {
        ModelError::Permanent { detail, status: Some(code) }
    }
}

fn too_long(code: u16, said: &str) -> bool {
    const SAYINGS: [&str; 6] = [
        "context_length_exceeded",
        "maximum context length",
        "context window",
        "prompt is too long",
        "exceeds the maximum number of tokens",
        "input is too long",
    ];
    let said = said.to_ascii_lowercase();
    matches!(code, 400 | 413 | 422) && SAYINGS.iter().any(|saying| said.contains(saying))
}

/// Seconds, or milliseconds under the name some providers use.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| {
        headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)
    };
    let seconds = number("retry-after-ms").map(|ms| ms / 1000.0).or_else(|| number("retry-after"))?;
    Some(Duration::from_secs_f64(seconds.min(86_400.0)))
}

/// The provider's message out of its error body, or the body's beginning.
fn words(error: &Error) -> String {
    let body = match error {
        Error::HttpError { body, .. } => body,
        Error::WebModelCall { webc_error: webc::Error::ResponseFailedStatus { body, .. }, .. }
        | Error::WebAdapterCall { webc_error: webc::Error::ResponseFailedStatus { body, .. }, .. } => body,
        _ => return "no explanation".into(),
    };
    let Ok(json) = serde_json::from_str::<Value>(body) else { return body.clone() };
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str);
    let code = text("/error/code").map(|code| format!(" ({code})")).unwrap_or_default();
    let message = text("/error/message").or_else(|| text("/error")).or_else(|| text("/message"));
    message.map_or_else(|| body.clone(), |message| format!("{message}{code}"))
}

/// One line, short, and without the key should the provider quote it.
fn clean(said: &str, key: Option<&str>) -> String {
    let said = match key.filter(|key| !key.is_empty()) {
        Some(key) => said.replace(key, "***"),
        None => said.to_owned(),
    };
    let line: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_DETAIL).collect();
    line.trim().to_owned()
}
