//! Standard Webhooks: `webhook-id` (or `svix-id`) is the delivery, the body's `type` says what happened.

use hookwheel_core::event::Event;
use hookwheel_core::webhook::{Auth, Webhook};

use crate::delivery::event_type;
use crate::json::Json;
use crate::summary::{SHORT, Summary, TEXT};
use crate::{BadBody, Request, Source, admit};

/// The profile.
pub(crate) struct StandardWebhooks;

impl Source for StandardWebhooks {
    fn name(&self) -> &'static str {
        "standard_webhooks"
    }

    fn default_auth(&self) -> Auth {
        Auth::StandardWebhooks
    }

    fn admit(&self, _webhook: &Webhook, request: &Request<'_>) -> Result<String, BadBody> {
        let text = admit::text(request, false)?;
        admit::object(&text)?.only("type").map_err(|_| BadBody::DuplicateKey)?;
        for name in ["webhook-id", "svix-id"] {
            if let Some(id) = admit::id_header(request, name)? {
                return Ok(id);
            }
        }
        Ok(admit::body_key(request.body))
    }

    fn describe(&self, _webhook: &Webhook, request: &Request<'_>) -> Event {
        let Ok(json) = admit::object(request.body) else { return Event::default() };
        let event_type = event_type(&[json.get("type").and_then(Json::text).as_deref()]);
        let mut summary = Summary::new();
        for (name, cap) in [("type", SHORT), ("timestamp", SHORT)] {
            summary.add(name, &json.get(name).and_then(Json::scalar).unwrap_or_default(), cap);
        }
        if let Some(data) = json.get("data") {
            summary.add("data", data.raw(), TEXT);
        }
        Event { event_type, entity: None, actor: None, summary: summary.finish() }
    }

    fn credential_headers(&self) -> &'static [&'static str] {
        &["webhook-signature", "svix-signature"]
    }

    fn sample(&self, seed: u64) -> (Vec<(String, String)>, Vec<u8>) {
        let body = serde_json::json!({
            "type": "invoice.paid",
            "timestamp": "2026-11-02T09:30:00Z",
            "data": { "id": format!("inv_{seed:08}"), "customer": "cus_0042", "amount": 1_999, "currency": "eur" },
        });
        let headers = [("content-type", "application/json".to_owned()), ("webhook-id", format!("msg_{seed:016x}"))];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        (headers, serde_json::to_vec(&body).unwrap_or_default())
    }
}
