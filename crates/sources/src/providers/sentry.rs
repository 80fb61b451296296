//! Sentry: `Sentry-Hook-Resource` and the body's `action` say what happened, `Request-ID` which delivery it is.
//!
//! The headers are not signed, so the body's data has to fit the resource.

use std::borrow::Cow;

use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{lines, names, short, text};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

/// A resource, and the member of `data` that only its bodies have.
const RESOURCES: &[(&str, &str)] = &[
    ("comment", "data.comment_id"),
    ("error", "data.error"),
    ("event_alert", "data.event"),
    ("installation", "data.installation"),
    ("issue", "data.issue"),
    ("metric_alert", "data.metric_alert"),
];

pub(crate) static SENTRY: Profile = Profile {
    name: "sentry",
    auth: || Auth::scheme("sentry_webhook_signature"),
    ids: &[Id::Header("request-id")],
    event_type: |d| event_type(&[d.header("sentry-hook-resource").or_else(|| shape(d)), d.scalar("action").as_deref()]),
    entity: |d| {
        d.entity(&[
            "issue:{data.issue.id}",
            "issue:{data.event.issue_id}",
            "issue:{data.error.issue_id}",
            "issue:{data.issue_id}",
            "metric_alert:{data.metric_alert.id}",
        ])
    },
    identity: &["action", "data.issue.id", "data.event.issue_id", "data.error.issue_id", "data.metric_alert.id"],
    fits: |d| shape(d).is_none_or(|shape| d.header("sentry-hook-resource").is_none_or(|named| named == shape)),
    actor: &["actor.name"],
    facts: &[
        short("action", &["action"]),
        short("project", &["data.issue.project.slug", "data.project_slug", "data.event.project", "data.error.project"]),
        names("projects", &["data.metric_alert.projects"], ""),
        short("issue", &["data.issue.shortId", "data.event.issue_id", "data.error.issue_id", "data.issue_id"]),
        short("title", &["data.issue.title", "data.event.title", "data.error.title", "data.description_title"]),
        short("culprit", &["data.issue.culprit", "data.event.culprit", "data.error.culprit"]),
        short("level", &["data.issue.level", "data.event.level", "data.error.level"]),
        short("status", &["data.issue.status"]),
        short("substatus", &["data.issue.substatus"]),
        short("environment", &["data.event.environment", "data.error.environment"]),
        short("release", &["data.event.release", "data.error.release"]),
        short("platform", &["data.issue.platform", "data.event.platform", "data.error.platform"]),
        short("events", &["data.issue.count"]),
        short("users", &["data.issue.userCount"]),
        short("first seen", &["data.issue.firstSeen"]),
        short("last seen", &["data.issue.lastSeen"]),
        short("assigned to", &["data.issue.assignedTo.name", "data.issue.assignedTo.email"]),
        short("rule", &["data.triggered_rule", "data.issue_alert.title", "data.metric_alert.alert_rule.name"]),
        short("measure", &["data.metric_alert.alert_rule.aggregate"]),
        short("query", &["data.metric_alert.alert_rule.query"]),
        short("by", &["actor.name"]),
        short("url", &["data.issue.web_url", "data.event.web_url", "data.error.web_url", "data.web_url"]),
        short("error type", &["data.issue.metadata.type"]),
        text("error", &["data.issue.metadata.value"]),
        lines("exceptions", &["data.event.exception.values", "data.error.exception.values"], exception),
        text("message", &["data.event.message", "data.error.message", "data.description_text"]),
        text("comment", &["data.comment"]),
    ],
    event_types: &[
        "comment.created",
        "comment.deleted",
        "comment.updated",
        "error.created",
        "event_alert.triggered",
        "installation.created",
        "installation.deleted",
        "issue.archived",
        "issue.assigned",
        "issue.created",
        "issue.ignored",
        "issue.resolved",
        "issue.unresolved",
        "metric_alert.critical",
        "metric_alert.resolved",
        "metric_alert.warning",
    ],
    handshakes: &["installation.created"],
    credentials: &["sentry-hook-signature"],
    sample: new_issue,
    ..Profile::BLANK
};

/// The resource that the body has the shape of.
fn shape(d: &Delivery<'_>) -> Option<&'static str> {
    RESOURCES.iter().find(|(_, member)| d.has(member)).map(|(resource, _)| *resource)
}

/// What was thrown, and the innermost place of it in the sender's own code.
fn exception(exception: Json<'_>) -> Cow<'_, str> {
    let thrown = format!("{}: {}", at(exception, "type"), at(exception, "value"));
    let frames = exception.path("stacktrace.frames");
    // Frames come oldest call first.
    match frames.and_then(|frames| frames.items().filter(|f| at(*f, "in_app") == "true").last()) {
        Some(frame) => {
            format!("{thrown} (in {}, {}:{})", at(frame, "function"), at(frame, "filename"), at(frame, "lineno")).into()
        }
        None => thrown.into(),
    }
}

fn at<'a>(json: Json<'a>, name: &str) -> Cow<'a, str> {
    json.get(name).and_then(Json::scalar).unwrap_or(Cow::Borrowed("?"))
}

fn new_issue(seed: u64) -> Sample {
    let id = 4_100_000_000 + seed % 1_000_000_000;
    let body = json!({
        "action": "created",
        "installation": { "uuid": "a8e5d37a-696c-4c54-adb5-b3f28d64c7de" },
        "data": { "issue": {
            "id": id.to_string(), "shortId": "CHECKOUT-7", "title": "TotalError: negative total", "level": "error",
            "culprit": "checkout.cart in total", "status": "unresolved", "substatus": "new", "platform": "python",
            "project": { "id": "1", "name": "checkout", "slug": "checkout", "platform": "python" },
            "metadata": { "type": "TotalError", "value": "negative total", "filename": "checkout/cart.py" },
            "count": "3", "userCount": 2, "firstSeen": "2026-11-02T09:12:00Z", "lastSeen": "2026-11-02T09:30:00Z",
            "web_url": format!("https://acme.sentry.example.com/issues/{id}/"),
        } },
        "actor": { "type": "application", "id": "sentry", "name": "Sentry" },
    });
    sample(&[("sentry-hook-resource", "issue"), ("request-id", &format!("{seed:032x}"))], body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BadBody;
    use crate::probe::{describe, fact, fixture, key};

    const ISSUE: &[u8] = br#"{"action":"resolved","data":{"issue":{"id":"7"}}}"#;

    #[test]
    fn the_resource_has_to_fit_the_body() {
        let named = |resource| key(&SENTRY, &[("sentry-hook-resource", resource), ("request-id", "r")], ISSUE);
        assert_eq!(named("issue").unwrap(), "r");
        assert_eq!(named("metric_alert"), Err(BadBody::EventMismatch));
        assert!(key(&SENTRY, &[], ISSUE).unwrap().starts_with("sha256:"));
        assert_eq!(describe(&SENTRY, &[], ISSUE).event_type.as_deref(), Some("issue.resolved"));
    }

    #[test]
    fn an_alert_says_what_was_thrown_and_where() {
        let event = describe(&SENTRY, &[], &fixture("sentry/synth_event_alert_triggered_101_e20.json"));
        assert_eq!(fact(&event, "exceptions"), Some("TypeError: x is undefined (in run, app.js:8715)"));
        assert_eq!(fact(&event, "rule"), Some("Very important alert rule!"));
        assert_eq!(event.actor.as_deref(), Some("Sentry"));
    }
}
