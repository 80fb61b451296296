//! Filters asked about events that are written down by hand.

mod conditions;
mod fields;
mod guards;
mod property;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::event::Field;
use crate::ids::EntityKey;

/// An event as a test wants it.
pub(super) struct Given {
    pub event: Event,
    pub body: Value,
    pub handshake: bool,
    /// `None` is a field that does not apply.
    pub fields: BTreeMap<TriggerField, Option<Vec<&'static str>>>,
    pub texts: Vec<String>,
}

/// An opened issue of `octo/hello` by ada.
pub(super) fn issue() -> Given {
    let fact = |name: &str, value: &str| Field { name: name.into(), value: value.into() };
    Given {
        event: Event {
            event_type: Some("issues.opened".into()),
            entity: Some(EntityKey::fit("github:octo/hello:issue:7")),
            actor: Some("ada".into()),
            summary: vec![fact("head branch", "main"), fact("number", "7")],
        },
        body: json!({
            "issue": {
                "number": 7, "title": "It breaks", "draft": false, "score": 1.5, "closed_at": null,
                "labels": [{ "name": "bug" }, { "name": "p1" }], "tags": ["a", "b"], "big": 9_007_199_254_740_993_u64,
            },
            "token": "hunter2hunter2",
        }),
        handshake: false,
        fields: BTreeMap::from([
            (TriggerField::Repos, Some(vec!["octo/hello"])),
            (TriggerField::Labels, Some(vec!["bug", "p1"])),
            (TriggerField::Branches, None),
            (TriggerField::Actions, Some(vec![])),
        ]),
        texts: Vec::new(),
    }
}

impl View for Given {
    fn event(&self) -> &Event {
        &self.event
    }

    fn is_handshake(&self) -> bool {
        self.handshake
    }

    fn field(&self, field: TriggerField) -> Attribute<'_> {
        match self.fields.get(&field) {
            Some(None) => Attribute::NotApplicable,
            Some(Some(values)) => Attribute::Values(values.iter().map(|value| Cow::Borrowed(*value)).collect()),
            None => Attribute::Values(Vec::new()),
        }
    }

    fn body(&self, path: &[String]) -> Vec<Seen<'_>> {
        fn walk<'a>(value: &'a Value, path: &[String]) -> Vec<Seen<'a>> {
            match (value, path) {
                (value, []) => vec![seen(value)],
                (Value::Array(items), path) => items.iter().flat_map(|item| walk(item, path)).collect(),
                (value, [first, rest @ ..]) => value.get(first).map(|value| walk(value, rest)).unwrap_or_default(),
            }
        }
        walk(&self.body, path)
    }

    fn new_texts(&self) -> Vec<Cow<'_, str>> {
        self.texts.iter().map(|text| Cow::Borrowed(text.as_str())).collect()
    }
}

pub(super) fn seen(value: &Value) -> Seen<'_> {
    match value {
        Value::Null => Seen::Null,
        Value::Bool(value) => Seen::Bool(*value),
        Value::Number(number) => Seen::Number(Cow::Owned(number.to_string())),
        Value::String(text) => Seen::Text(Cow::Borrowed(text)),
        Value::Array(items) => Seen::List(items.iter().map(seen).collect()),
        Value::Object(_) => Seen::Object,
    }
}

/// A filter of this JSON, as snapshots hold it.
pub(super) fn filter(json: Value) -> EventFilter {
    serde_json::from_value(json).unwrap()
}

/// What decided, in words; empty when the event goes on.
pub(super) fn words(filter: &EventFilter, given: &Given) -> String {
    filter.judge(given).decided_by().map(Clause::words).unwrap_or_default()
}
