//! Allow and deny lists over event types. Deny has the last word; a missing event type fails an allow list.

use serde::{Deserialize, Serialize};

/// Exact, case-sensitive event types. An empty allow list lets everything through that is not denied.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EventFilter {
    /// Only these, unless empty.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Never these.
    #[serde(default)]
    pub deny: Vec<String>,
}

/// Why a filter stopped an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The event has a type and it is not on the allow list.
    NotAllowed,
    /// There is an allow list and the event has no type.
    NoEventType,
    /// The type is on the deny list.
    Denied,
}

impl Stopped {
    /// The clause, for records and people.
    pub fn clause(self) -> &'static str {
        match self {
            Self::NotAllowed => "event type is not on the allow list",
            Self::NoEventType => "there is an allow list and the delivery has no event type",
            Self::Denied => "event type is on the deny list",
        }
    }
}

impl EventFilter {
    /// `None` when the event goes on. A list entry takes its exact type; an entry without a dot (`issues`) also takes
    /// every action of that type (`issues.opened`).
    pub fn stops(&self, event_type: Option<&str>) -> Option<Stopped> {
        let listed = |list: &[String], event: &str| {
            list.iter().any(|entry| {
                entry == event
                    || (!entry.contains('.') && event.strip_prefix(entry.as_str()).is_some_and(|r| r.starts_with('.')))
            })
        };
        match event_type {
            Some(event) if listed(&self.deny, event) => Some(Stopped::Denied),
            Some(event) if !self.allow.is_empty() && !listed(&self.allow, event) => Some(Stopped::NotAllowed),
            None if !self.allow.is_empty() => Some(Stopped::NoEventType),
            _ => None,
        }
    }
}
