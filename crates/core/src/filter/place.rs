//! Where a condition looks: `body.pull_request.draft`, `event.actor`, `facts.number`.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::View;
use super::seen::{Seen, is_credential};

/// Deepest place in a body, names.
const MAX_NAMES: usize = 32;

/// A place in an event or in the body it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// `event.type`.
    Type,
    /// `event.entity`.
    Entity,
    /// `event.actor`.
    Actor,
    /// `facts.<name>`: a fact of the summary, as cut there; blanks of its name are written `_`.
    Fact(String),
    /// `body.<name>.<name>..`: a list on the way is looked through whole, a number picks one of its items.
    Body(Vec<String>),
}

/// The text names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place begins with `body.`, `facts.` or `event.`, and an event has `type`, `entity` and `actor`")]
pub struct NoPlace;

impl Place {
    /// Reads a place.
    pub fn parse(text: &str) -> Result<Self, NoPlace> {
        let (root, rest) = text.split_once('.').ok_or(NoPlace)?;
        let names: Vec<_> = rest.split('.').collect();
        if names.len() > MAX_NAMES || names.iter().any(|name| name.is_empty()) {
            return Err(NoPlace);
        }
        match (root, rest) {
            ("event", "type") => Ok(Self::Type),
            ("event", "entity") => Ok(Self::Entity),
            ("event", "actor") => Ok(Self::Actor),
            ("facts", name) => Ok(Self::Fact(name.to_owned())),
            ("body", _) => Ok(Self::Body(names.into_iter().map(str::to_owned).collect())),
            _ => Err(NoPlace),
        }
    }

    /// Every value that is there; several when a list is looked through.
    pub(super) fn look<'v>(&self, view: &'v dyn View) -> Vec<Seen<'v>> {
        let event = view.event();
        let text = |text: Option<&'v str>| text.map(|text| Seen::Text(Cow::Borrowed(text))).into_iter().collect();
        match self {
            Self::Type => text(event.event_type.as_deref()),
            Self::Entity => text(event.entity.as_ref().map(|entity| entity.as_str())),
            Self::Actor => text(event.actor.as_deref()),
            Self::Fact(name) => text(event.summary.iter().find(|f| is_named(&f.name, name)).map(|f| f.value.as_str())),
            Self::Body(names) => view.body(names),
        }
    }

    /// Whether what is there must not be shown.
    pub(super) fn is_hidden(&self) -> bool {
        match self {
            Self::Type | Self::Entity | Self::Actor => false,
            Self::Fact(name) => is_credential(name),
            Self::Body(names) => names.iter().any(|name| is_credential(name)),
        }
    }
}

fn is_named(fact: &str, name: &str) -> bool {
    fact.len() == name.len() && fact.bytes().zip(name.bytes()).all(|(a, b)| a == b || (a == b' ' && b == b'_'))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type => f.write_str("event.type"),
            Self::Entity => f.write_str("event.entity"),
            Self::Actor => f.write_str("event.actor"),
            Self::Fact(name) => write!(f, "facts.{name}"),
            Self::Body(names) => write!(f, "body.{}", names.join(".")),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = NoPlace;

    fn try_from(text: String) -> Result<Self, NoPlace> {
        Self::parse(&text)
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}
