//! Generic: any sender of JSON or of forms. Type and key come from common places, the entity from pointers the operator
//! chose.

use std::borrow::Cow;

use hookwheel_core::EntityKey;
use hookwheel_core::event::Event;
use hookwheel_core::webhook::{Auth, KeyFrom, Webhook};

use crate::delivery::event_type;
use crate::json::Json;
use crate::profile::sample;
use crate::summary::{Summary, WHOLE};
use crate::{BadBody, Request, Source, admit};

const TYPE_HEADERS: [&str; 3] = ["x-event-type", "x-webhook-event", "event-type"];
const TYPE_MEMBERS: [&str; 3] = ["event_type", "event", "type"];
const ID_HEADERS: [&str; 4] = ["x-delivery-id", "x-request-id", "x-webhook-id", "idempotency-key"];

/// The profile.
pub(crate) struct Generic;

impl Source for Generic {
    fn name(&self) -> &'static str {
        "generic"
    }

    fn default_auth(&self) -> Auth {
        Auth::StaticHeader { header: "x-webhook-secret".into() }
    }

    fn admit(&self, webhook: &Webhook, request: &Request<'_>) -> Result<String, BadBody> {
        let text = admit::text_of_any_form(request)?;
        let json = admit::document(&text)?;
        for pointer in &webhook.entity_pointers {
            json.pointer(pointer).map_err(|_| BadBody::DuplicateKey)?;
        }
        if let Some(id) = configured_id(webhook, request, json)? {
            return Ok(id);
        }
        for name in ID_HEADERS {
            if let Some(id) = admit::id_header(request, name)? {
                return Ok(id);
            }
        }
        Ok(admit::body_key(request.body))
    }

    fn describe(&self, webhook: &Webhook, request: &Request<'_>) -> Event {
        let text = admit::text_of_any_form(request).unwrap_or(Cow::Borrowed(b""));
        let Ok(json) = admit::document(&text) else { return Event::default() };
        let mut body = Summary::new();
        body.add("body", json.raw(), WHOLE);
        Event {
            event_type: kind(request, json),
            entity: webhook.entity_pointers.iter().find_map(|pointer| entity(json, pointer)),
            actor: None,
            summary: body.finish(),
        }
    }

    fn sample(&self, seed: u64) -> (Vec<(String, String)>, Vec<u8>) {
        let body = serde_json::json!({
            "event": "deploy.finished", "env": "staging", "version": format!("1.2.{seed}"), "ok": false,
            "log": "step 3 of 4 failed: the smoke test got no answer on port 8080",
        });
        sample(&[("x-event-type", "deploy.finished"), ("x-delivery-id", &format!("deploy-{seed}"))], body)
    }
}

fn configured_id(webhook: &Webhook, request: &Request<'_>, json: Json<'_>) -> Result<Option<String>, BadBody> {
    match &webhook.delivery_key {
        None => Ok(None),
        Some(KeyFrom::Header(name)) => admit::id_header(request, &name.to_ascii_lowercase()),
        Some(KeyFrom::Body(pointer)) => {
            let value = json.pointer(pointer).map_err(|_| BadBody::DuplicateKey)?;
            value.and_then(Json::scalar).map_or(Ok(None), |id| admit::id(id.as_bytes()))
        }
    }
}

/// The first header that names an event, else the first member that does.
fn kind(request: &Request<'_>, json: Json<'_>) -> Option<String> {
    let header = TYPE_HEADERS.iter().find_map(|name| event_type(&[request.headers.text(name)]));
    header
        .or_else(|| TYPE_MEMBERS.iter().find_map(|name| event_type(&[json.get(name).and_then(Json::text).as_deref()])))
}

fn entity(json: Json<'_>, pointer: &str) -> Option<EntityKey> {
    let value = json.pointer(pointer).ok()??.scalar()?;
    (!value.is_empty()).then(|| EntityKey::fit(&format!("generic:{value}")))
}

#[cfg(test)]
mod tests {
    use crate::post::Post;

    #[test]
    fn the_type_is_a_headers_else_a_members() {
        let body = r#"{"type":"third","event":{"not":"a name"},"event_type":"first"}"#;
        assert_eq!(Post::to("generic", body).with("event-type", "sent").kind().unwrap(), "sent");
        assert_eq!(Post::to("generic", body).with("event-type", "").kind().unwrap(), "first");
        assert_eq!(Post::to("custom", body.replace("event_type", "x")).kind().unwrap(), "third");
        assert_eq!(Post::to("generic", "[1]").kind(), None);
    }

    #[test]
    fn a_form_is_an_object_of_its_fields() {
        let post = Post::to("generic", "event=deploy.finished&env=st%C3%A4ging");
        let post = post.with("content-type", "application/x-www-form-urlencoded");
        assert_eq!(post.kind().unwrap(), "deploy.finished");
        assert_eq!(post.fact("body").unwrap(), r#"{"event":"deploy.finished","env":"stäging"}"#);
        assert!(post.key().unwrap().starts_with("sha256:"));
    }
}
