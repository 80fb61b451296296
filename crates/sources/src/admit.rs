//! What every profile asks of a request that was believed.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::json::{self, Json};
use crate::{BadBody, Request, form};

/// Longest delivery id taken, bytes.
const MAX_ID: usize = 255;

/// The JSON text of a request: its body, or the `payload` of its form where the profile has forms.
pub(crate) fn text<'a>(request: &Request<'a>, forms: bool) -> Result<Cow<'a, [u8]>, BadBody> {
    if request.body.is_empty() {
        return Err(BadBody::Empty);
    }
    match content_type(request).as_deref() {
        Some(multipart) if multipart.starts_with("multipart/") => Err(BadBody::UnsupportedType),
        Some("application/x-www-form-urlencoded") if forms => form::payload(request.body).map(Cow::Owned),
        _ => Ok(Cow::Borrowed(request.body)),
    }
}

/// The same where senders also post plain forms, which become an object of strings.
pub(crate) fn text_of_any_form<'a>(request: &Request<'a>) -> Result<Cow<'a, [u8]>, BadBody> {
    let is_form = content_type(request).as_deref() == Some("application/x-www-form-urlencoded");
    if is_form && !form::has_payload(request.body) && !request.body.is_empty() {
        return form::object(request.body).map(Cow::Owned);
    }
    text(request, true)
}

/// A whole JSON document.
pub(crate) fn document(text: &[u8]) -> Result<Json<'_>, BadBody> {
    json::parse(text).ok_or(BadBody::InvalidJson)
}

/// A whole JSON document that is an object.
pub(crate) fn object(text: &[u8]) -> Result<Json<'_>, BadBody> {
    document(text).and_then(|json| if json.is_object() { Ok(json) } else { Err(BadBody::UnexpectedShape) })
}

/// The id in this header. An empty or unprintable one is as good as none; two are refused, for none may be picked.
pub(crate) fn id_header(request: &Request<'_>, name: &str) -> Result<Option<String>, BadBody> {
    match request.headers.only(name) {
        None => Ok(None),
        Some(Err(())) => Err(BadBody::BadDeliveryId),
        Some(Ok(value)) => id(value),
    }
}

/// An id as sent, if it can serve as one.
pub(crate) fn id(value: &[u8]) -> Result<Option<String>, BadBody> {
    if value.len() > MAX_ID {
        return Err(BadBody::BadDeliveryId);
    }
    let printable = std::str::from_utf8(value).ok().filter(|t| !t.is_empty() && !t.chars().any(char::is_control));
    Ok(printable.map(str::to_owned))
}

/// The key of a delivery that brings no id of its own.
pub(crate) fn body_key(body: &[u8]) -> String {
    format!("sha256:{}", hookwheel_core::ids::hex(&Sha256::digest(body)))
}

/// Type and subtype, lower-case, without parameters.
pub(crate) fn content_type(request: &Request<'_>) -> Option<String> {
    let value = request.headers.text("content-type")?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}
