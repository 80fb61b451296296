//! Generic: any sender of JSON. Type and key come from common headers, the entity from pointers the operator chose.

use hookwheel_core::EntityKey;
use hookwheel_core::event::Event;
use hookwheel_core::webhook::{Auth, KeyFrom, Webhook};

use crate::json::Json;
use crate::summary::{self, SHORT, Summary, WHOLE};
use crate::{BadBody, Request, Source, admit};

const TYPE_HEADERS: [&str; 3] = ["x-event-type", "x-webhook-event", "event-type"];
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
        let text = admit::text(request, false)?;
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
        let Ok(json) = admit::document(request.body) else { return Event::default() };
        let mut body = Summary::new();
        body.add("body", json.raw(), WHOLE);
        Event {
            event_type: event_type(request),
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
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("x-event-type", "deploy.finished".to_owned()),
            ("x-delivery-id", format!("deploy-{seed}")),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        (headers, serde_json::to_vec(&body).unwrap_or_default())
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

fn event_type(request: &Request<'_>) -> Option<String> {
    let name = TYPE_HEADERS.iter().find_map(|name| request.headers.text(name).filter(|value| !value.is_empty()))?;
    Some(summary::cut(name, SHORT))
}

fn entity(json: Json<'_>, pointer: &str) -> Option<EntityKey> {
    let value = json.pointer(pointer).ok()??.scalar()?;
    (!value.is_empty()).then(|| EntityKey::fit(&format!("generic:{value}")))
}
