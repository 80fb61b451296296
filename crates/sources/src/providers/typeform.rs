//! Typeform: the body's `event_id` is the delivery, its `event_type` the event, its form what it is about.

use std::borrow::Cow;

use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::event_type;
use crate::facts::{lines, short};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

pub(crate) static TYPEFORM: Profile = Profile {
    name: "typeform",
    auth: || Auth::scheme("typeform"),
    ids: &[Id::Body("event_id")],
    event_type: |d| event_type(&[d.scalar("event_type").as_deref()]),
    entity: |d| d.entity(&["form:{form_response.form_id}"]),
    identity: &["event_type", "form_response.form_id"],
    actor: &["form_response.hidden.email", "form_response.hidden.name"],
    facts: &[
        short("form", &["form_response.definition.title"]),
        short("form id", &["form_response.form_id"]),
        short("response", &["form_response.token"]),
        short("submitted", &["form_response.submitted_at"]),
        short("ending", &["form_response.ending.ref"]),
        short("score", &["form_response.calculated.score"]),
        lines("questions", &["form_response.definition.fields"], question),
        lines("answers", &["form_response.answers"], answer),
    ],
    event_types: &["form_response", "form_response_partial"],
    credentials: &["typeform-signature"],
    sample: response,
    ..Profile::BLANK
};

/// `f1: What went wrong?`, so that an answer can be read beside its question.
fn question(field: Json<'_>) -> Cow<'_, str> {
    let text = |name| field.get(name).and_then(Json::text).unwrap_or_default();
    format!("{}: {}", text("id"), text("title")).into()
}

/// `f1: what somebody chose or wrote`. An answer keeps its value under the name of its type.
fn answer(answer: Json<'_>) -> Cow<'_, str> {
    let field = answer.path("field.id").and_then(Json::text).unwrap_or_default();
    let value = answer.get("type").and_then(Json::text).and_then(|kind| answer.get(&kind));
    let said = match value {
        Some(value) if value.get("labels").is_some() => labels(value),
        Some(value) => value.scalar().or_else(|| value.get("label")?.scalar()).unwrap_or(Cow::Borrowed(value.raw())),
        None => Cow::Borrowed(""),
    };
    format!("{field}: {said}").into()
}

/// What was chosen of several.
fn labels(choices: Json<'_>) -> Cow<'_, str> {
    let labels = choices.get("labels").into_iter().flat_map(Json::items).filter_map(Json::text);
    labels.collect::<Vec<_>>().join(", ").into()
}

fn response(seed: u64) -> Sample {
    let body = json!({
        "event_id": format!("01SAMPLE{seed:018}"), "event_type": "form_response",
        "form_response": {
            "form_id": "smplFm", "token": format!("{seed:032x}"), "landed_at": "2026-11-02T09:28:00Z",
            "submitted_at": "2026-11-02T09:30:00Z",
            "definition": {
                "id": "smplFm", "title": "How was your order?",
                "fields": [
                    { "id": "f1", "title": "Would you order again?", "type": "yes_no" },
                    { "id": "f2", "title": "What could we do better?", "type": "long_text" },
                ],
            },
            "answers": [
                { "type": "boolean", "boolean": true, "field": { "id": "f1", "type": "yes_no" } },
                { "type": "text", "text": "Smaller boxes, please.", "field": { "id": "f2", "type": "long_text" } },
            ],
        },
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{describe, entity, fact, key};

    #[test]
    fn answers_of_every_type_are_readable() {
        let body = br#"{"event_id":"e","event_type":"form_response","form_response":{"form_id":"F","answers":[
            {"type":"text","text":"hi","field":{"id":"a"}},{"type":"number","number":5,"field":{"id":"b"}},
            {"type":"choice","choice":{"label":"Red"},"field":{"id":"c"}},{"type":"boolean","boolean":false,"field":{"id":"d"}},
            {"type":"choices","choices":{"labels":["x","y"]},"field":{"id":"e"}},
            {"type":"payment","payment":{"amount":"1"},"field":{"id":"f"}},{"field":{"id":"g"}}]}}"#;
        let event = describe(&TYPEFORM, &[], body);
        assert_eq!(fact(&event, "answers"), Some("a: hi\nb: 5\nc: Red\nd: false\ne: x, y\nf: {\"amount\":\"1\"}\ng: "));
        assert_eq!(entity(&event), Some("typeform:form:F"));
        assert_eq!(key(&TYPEFORM, &[], body).unwrap(), "e");
    }
}
