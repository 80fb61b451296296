//! The forms in which handshakes are answered: short, and never to be read as anything but what they are.

use super::{Answer, Greeting};
use crate::json::Json;
use crate::{Request, verify};

/// Most that a stranger can make us say, bytes.
const MAX_ECHO: usize = 1024;
/// Handshakes are short; a longer body is none, and is not searched for one.
const MAX_BODY: usize = 16 * 1024;

/// This text, as text; `None` when it is too long to be repeated.
pub(crate) fn text(said: &[u8]) -> Option<Answer> {
    let plain = vec![("content-type", b"text/plain".to_vec()), ("x-content-type-options", b"nosniff".to_vec())];
    (said.len() <= MAX_ECHO).then(|| Answer { status: 200, headers: plain, body: said.to_vec() })
}

/// This JSON.
pub(crate) fn json(said: &serde_json::Value) -> Answer {
    let headers = vec![("content-type", b"application/json".to_vec()), ("x-content-type-options", b"nosniff".to_vec())];
    Answer { status: 200, headers, body: said.to_string().into_bytes() }
}

/// No body.
pub(crate) fn empty(status: u16, headers: Vec<(&'static str, Vec<u8>)>) -> Answer {
    Answer { status, headers, body: Vec::new() }
}

/// The decoded value of a query parameter that is there once and is short.
pub(crate) fn parameter(request: &Request<'_>, name: &str) -> Option<Vec<u8>> {
    verify::parameter(request.url, name)?.ok().filter(|value| value.len() <= MAX_ECHO)
}

/// Repeats a query parameter of a request by this method that has no body.
pub(crate) fn echo_parameter(request: &Request<'_>, method: &str, name: &str) -> Option<Greeting> {
    let asked = request.method == method && request.body.is_empty();
    asked.then(|| parameter(request, name)).flatten().and_then(|value| text(&value)).map(Greeting::Answered)
}

/// The value of a header that is there once, is short, and is visible ASCII, so that it can be repeated as it is.
pub(crate) fn echo_header<'a>(request: &Request<'a>, name: &'a str) -> Option<&'a [u8]> {
    let value = request.headers.only(name)?.ok()?;
    let sound = (1..=MAX_ECHO).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic);
    sound.then_some(value)
}

/// What is made of a short JSON body.
pub(crate) fn with_body<T>(request: &Request<'_>, make: impl FnOnce(Json<'_>) -> Option<T>) -> Option<T> {
    let body = Some(request.body).filter(|body| body.len() <= MAX_BODY)?;
    make(crate::json::parse(body)?)
}
