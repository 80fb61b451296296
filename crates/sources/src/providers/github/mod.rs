//! GitHub: `X-GitHub-Event` and the body's `action` say what happened, `X-GitHub-Delivery` which delivery it is.
//!
//! The signature covers the body alone, so a replayed body could come under another event's name: the body's shape has
//! to fit the name ([`kinds`]).

mod catalogue;
mod entity;
mod facts;
mod kinds;
mod payload;
mod sample;

#[cfg(test)]
mod tests;

use hookwheel_core::event::Event;
use hookwheel_core::webhook::{Auth, Webhook};

use crate::{BadBody, Request, Source, admit};
use payload::Payload;

/// The profile.
pub(crate) struct Github;

impl Source for Github {
    fn name(&self) -> &'static str {
        "github"
    }

    fn default_auth(&self) -> Auth {
        Auth::GithubHmacSha256
    }

    fn admit(&self, _webhook: &Webhook, request: &Request<'_>) -> Result<String, BadBody> {
        let text = admit::text(request, true)?;
        let payload = Payload::read(&text)?;
        let name = event_name(request).ok_or(BadBody::EventMismatch)?;
        if let Some(kind) = kinds::find(name) {
            kind.check(&payload)?;
        }
        Ok(admit::id_header(request, "x-github-delivery")?.unwrap_or_else(|| admit::body_key(request.body)))
    }

    fn describe(&self, _webhook: &Webhook, request: &Request<'_>) -> Event {
        let Ok(text) = admit::text(request, true) else { return Event::default() };
        let Ok(payload) = Payload::read(&text) else { return Event::default() };
        let name = event_name(request);
        Event {
            event_type: name.map(|name| event_type(name, &payload)),
            entity: entity::key(name.and_then(kinds::find), &payload),
            actor: payload.scalar("sender.login").map(|login| crate::summary::cut(&login, crate::summary::SHORT)),
            summary: crate::facts::gather(facts::FACTS, |path| payload.at(path)),
        }
    }

    fn event_types(&self) -> &'static [&'static str] {
        catalogue::EVENT_TYPES
    }

    fn is_handshake(&self, event: &Event) -> bool {
        event.event_type.as_deref() == Some("ping")
    }

    fn credential_headers(&self) -> &'static [&'static str] {
        &["x-hub-signature", "x-hub-signature-256"]
    }

    fn sample(&self, seed: u64) -> (Vec<(String, String)>, Vec<u8>) {
        sample::pull_request(seed)
    }
}

/// The event's name, if the header is there once and looks like one.
fn event_name<'a>(request: &Request<'a>) -> Option<&'a str> {
    let name = request.headers.only("x-github-event")?.ok()?;
    let sound = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_';
    (!name.is_empty() && name.len() <= 64 && name.iter().all(sound)).then_some(name)?;
    std::str::from_utf8(name).ok()
}

/// `pull_request.opened`; just the name when the body has no action that could be part of a name.
fn event_type(name: &str, payload: &Payload<'_>) -> String {
    match payload.scalar("action") {
        Some(action) if action.len() <= 100 && !action.contains(char::is_control) => format!("{name}.{action}"),
        _ => name.to_owned(),
    }
}
