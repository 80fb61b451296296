//! From the head of a request to the name of a webhook, and whether its body may come.

use http::request::Parts;
use http::{HeaderMap, Method, Request, header};

use super::refuse::No;

const PREFIX: &str = "/webhooks/";
/// Longest request target, bytes.
const MAX_TARGET: usize = 8 * 1024;
/// Longest header, name and value, bytes.
const MAX_HEADER: usize = 8 * 1024;
/// Neither slugs nor public ids are longer, bytes.
const MAX_NAME: usize = 64;

/// The webhook's name in `/webhooks/{slug or public id}`.
pub(super) fn name<B>(request: &Request<B>) -> Result<&str, No> {
    let uri = request.uri();
    let path = uri.path();
    if path.len() + uri.query().map_or(0, str::len) > MAX_TARGET {
        return Err(No::TargetTooLong);
    }
    if request.headers().iter().any(|(name, value)| name.as_str().len() + value.len() > MAX_HEADER) {
        return Err(No::HeadTooLarge);
    }
    if uri.authority().is_some() || !path.starts_with('/') {
        return Err(No::BadTarget);
    }
    if !well_escaped(path) {
        return Err(No::BadPath);
    }
    let name = path.strip_prefix(PREFIX).ok_or(No::NotFound)?;
    // Names need no escaping, so an escaped one is none of ours, and nothing is ever decoded.
    let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(sound) { Ok(name) } else { Err(No::NotFound) }
}

/// Deliveries are posted; other methods are for handshakes.
pub(super) fn method(method: &Method) -> Result<(), No> {
    match *method {
        Method::POST => Ok(()),
        Method::OPTIONS => Err(No::Options),
        _ => Err(No::Method),
    }
}

/// Whether the body may come: no longer than the webhook takes, and not compressed.
pub(super) fn acceptable(head: &Parts, limit: u64) -> Result<(), No> {
    if content_length(&head.headers).is_some_and(|length| length > limit) {
        return Err(No::TooLarge);
    }
    let plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if head.headers.get_all(header::CONTENT_ENCODING).iter().all(plain) { Ok(()) } else { Err(No::Encoding) }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether every `%` is followed by two hex digits.
fn well_escaped(path: &str) -> bool {
    path.split('%')
        .skip(1)
        .all(|rest| rest.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(target: &str) -> Result<String, No> {
        let request = Request::builder().method("POST").uri(target).body(()).unwrap();
        name(&request).map(str::to_owned)
    }

    #[test]
    fn only_plain_names_are_looked_up() {
        assert_eq!(named("/webhooks/my-hook?x=%zz").unwrap(), "my-hook");
        for lost in [
            "/",
            "/webhooks/",
            "/webhooks/a/",
            "/webhooks/a/b",
            "/webhooks/A",
            "/webhooks/%00",
            "/webhooks/%2e%2e",
            "/webhooks/%252e",
            "/other/a",
        ] {
            assert!(matches!(named(lost), Err(No::NotFound)), "{lost}");
        }
        for broken in ["/webhooks/%zz", "/webhooks/%4"] {
            assert!(matches!(named(broken), Err(No::BadPath)), "{broken}");
        }
        assert!(matches!(named(&format!("/webhooks/{}", "a".repeat(65))), Err(No::NotFound)));
        assert!(matches!(named("http://elsewhere/webhooks/a"), Err(No::BadTarget)));
        assert!(matches!(named("*"), Err(No::BadTarget)));
        assert!(matches!(named(&format!("/webhooks/{}", "a".repeat(9_000))), Err(No::TargetTooLong)));
    }
}
