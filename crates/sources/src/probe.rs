//! What tests ask of a profile.

use hookwheel_core::EntityKey;
use hookwheel_core::event::Event;

use crate::tests::webhook;
use crate::{BadBody, Headers, Request, Source};

pub(crate) fn key(source: &dyn Source, sent: &[(&str, &str)], body: &[u8]) -> Result<String, BadBody> {
    let headers = headers(sent);
    source.admit(&webhook(source.name()), &request(&headers, body))
}

pub(crate) fn describe(source: &dyn Source, sent: &[(&str, &str)], body: &[u8]) -> Event {
    let headers = headers(sent);
    source.describe(&webhook(source.name()), &request(&headers, body))
}

pub(crate) fn events(source: &dyn Source, sent: &[(&str, &str)], body: &[u8]) -> Vec<Event> {
    let headers = headers(sent);
    source.events(&webhook(source.name()), &request(&headers, body))
}

pub(crate) fn entity(event: &Event) -> Option<&str> {
    event.entity.as_ref().map(EntityKey::as_str)
}

pub(crate) fn fact<'a>(event: &'a Event, name: &str) -> Option<&'a str> {
    event.summary.iter().find(|field| field.name == name).map(|field| field.value.as_str())
}

/// A body of the shared examples, by `<source>/<file>`.
pub(crate) fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)).unwrap()
}

fn headers(sent: &[(&str, &str)]) -> Headers {
    Headers(sent.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect())
}

fn request<'a>(headers: &'a Headers, body: &'a [u8]) -> Request<'a> {
    Request { method: "POST", url: "", headers, body }
}
