//! Datadog: the body is whatever its author made of the template, as JSON or as a form. We look for the usual names.

use std::borrow::Cow;

use hookwheel_core::event::Event;
use hookwheel_core::webhook::{Auth, Webhook};
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{self, Fact, raw, short, text};
use crate::profile::sample;
use crate::summary::{SHORT, WHOLE, cut};
use crate::{BadBody, Request, Source, admit};

/// The profile. Unlike others it takes JSON of any shape.
pub(crate) struct Datadog;

const NAME: &str = "datadog";

/// Each fact under the names people give it: the variable's, the default template's, and common ones.
const FACTS: &[Fact] = &[
    short("title", &["title", "event_title", "alert_title"]),
    short("status", &["alert_status", "status"]),
    short("transition", TRANSITION),
    short("priority", &["priority", "alert_priority"]),
    short("metric", &["alert_metric", "metric"]),
    short("query", &["alert_query", "query"]),
    short("scope", &["alert_scope", "scope"]),
    short("cycle", &["alert_cycle_key"]),
    short("host", &["hostname", "host"]),
    short("tags", &["tags"]),
    short("organization", &["org.name", "org_name"]),
    short("user", USER),
    short("date", &["date", "last_updated"]),
    short("url", &["link", "url", "alert_url"]),
    text("text", &["body", "event_msg", "text_only_msg", "message", "text"]),
];
/// The whole body, of which nothing has a name we know.
const WHOLE_BODY: &[Fact] = &[raw("body", &[""], WHOLE)];
const TRANSITION: &[&str] = &["alert_transition", "transition"];
const MONITOR: &[&str] = &["alert_id", "monitor_id", "monitor.id"];
const USER: &[&str] = &["user", "username"];

impl Source for Datadog {
    fn name(&self) -> &'static str {
        NAME
    }

    fn default_auth(&self) -> Auth {
        Auth::StaticHeader { header: "x-webhook-secret".into() }
    }

    fn admit(&self, _webhook: &Webhook, request: &Request<'_>) -> Result<String, BadBody> {
        let text = admit::text_of_any_form(request)?;
        let body = Delivery::whole(NAME, request.headers, admit::document(&text)?);
        MONITOR.iter().try_for_each(|path| body.unambiguous(path))?;
        // A template may put anything under `id`, so an id of theirs could join what are two alerts. Bytes never do.
        Ok(admit::body_key(request.body))
    }

    fn describe(&self, _webhook: &Webhook, request: &Request<'_>) -> Event {
        let text = admit::text_of_any_form(request).unwrap_or(Cow::Borrowed(b""));
        let Ok(json) = admit::document(&text) else { return Event::default() };
        let body = Delivery::whole(NAME, request.headers, json);
        let mut summary = facts::gather(FACTS, |path| body.at(path));
        if summary.is_empty() {
            summary = facts::gather(WHOLE_BODY, |_| Some(json));
        }
        Event {
            event_type: kind(&body),
            entity: body.entity(&["monitor:{alert_id}", "monitor:{monitor_id}", "monitor:{monitor.id}"]),
            actor: body.first(USER).map(|user| cut(&user, SHORT)),
            summary,
        }
    }

    fn sample(&self, seed: u64) -> (Vec<(String, String)>, Vec<u8>) {
        let body = json!({
            "id": format!("{}", 7_000_000_000_000_000_000 + seed % 1_000_000_000), "event_type": "metric_alert_monitor",
            "title": "[Triggered] Disk nearly full on db-3", "body": "Less than 5 % left on /var.",
            "alert_id": "61038356", "alert_transition": "Triggered", "alert_cycle_key": format!("{seed:016x}"),
            "priority": "P2", "tags": "env:prod,service:api", "link": "https://datadog.example.com/monitors/61038356",
            "org": { "id": "1", "name": "acme" }, "last_updated": "1793611800000", "date": "1793611800000",
        });
        sample(&[], body)
    }
}

/// `metric_alert_monitor.triggered`: the monitor's kind and how it changed, of which either may be missing.
fn kind(body: &Delivery<'_>) -> Option<String> {
    let kind = body.scalar("event_type");
    let transition = body.first(TRANSITION).map(|change| change.trim().to_ascii_lowercase().replace(' ', "_"));
    let alert = || transition.is_some().then_some("alert");
    event_type(&[kind.as_deref().or_else(alert), transition.as_deref()])
}

#[cfg(test)]
mod tests {
    use crate::BadBody;
    use crate::post::Post;

    fn form(body: &str) -> Post {
        Post::to("datadog", body).with("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
    }

    #[test]
    fn a_form_says_the_same_as_json() {
        let fields = "event_type=query_alert_monitor&alert_transition=No+Data&alert_id=7&title=%C3%BCber+%225%22&empty";
        let json =
            r#"{"event_type":"query_alert_monitor","alert_transition":"No Data","alert_id":7,"title":"über \"5\""}"#;
        let event = form(fields).event();
        assert_eq!(event, Post::to("datadog", json).event());
        assert_eq!(event.event_type.unwrap(), "query_alert_monitor.no_data");
        assert_eq!(event.entity.unwrap().as_str(), "datadog:monitor:7");
        assert_eq!(form("a=%zz").key(), Err(BadBody::InvalidForm));
        assert_eq!(form("alert_id=1&alert_id=2").key(), Err(BadBody::DuplicateKey));
    }

    #[test]
    fn a_template_of_any_shape_is_an_event() {
        for body in ["{}", "[1]", "\"free text\"", "7", r#"{"my":{"own":["shape"]}}"#] {
            let post = Post::to("datadog", body);
            assert!(post.key().unwrap().starts_with("sha256:"), "{body}");
            assert_eq!((post.kind(), post.entity()), (None, None), "{body}");
            assert_eq!(post.fact("body").unwrap(), body);
        }
        let body = r#"{"alert_transition":"Re-Triggered","monitor":{"id":5}}"#;
        assert_eq!(Post::to("datadog", body).kind().unwrap(), "alert.re-triggered");
        assert_eq!(Post::to("datadog", body).entity().unwrap(), "datadog:monitor:5");
    }
}
