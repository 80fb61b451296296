//! A delivery as filters see it: its event, the trigger fields its source has, and any place of its body.

use std::borrow::Cow;
use std::cell::OnceCell;

use hookwheel_core::event::{Event, Field};
use hookwheel_core::filter::{Attribute, Seen, TriggerField, View};

use crate::attributes::{self, Absent, Row, Written};
use crate::json::{self, Json};
use crate::{Headers, Request, Source, admit};

/// Without this in a body no text of it can carry our mark; no writer of JSON escapes these characters.
const MARK: &str = "hookwheel:";
/// A list in a value is given with its lists so deep; deeper ones are left out.
const MAX_DEPTH: usize = 8;

/// The JSON text of a request: its body, or the `payload` of its form, or a plain form as an object of strings.
pub fn text<'a>(request: &Request<'a>) -> Cow<'a, [u8]> {
    admit::text_of_any_form(request).unwrap_or(Cow::Borrowed(request.body))
}

/// What an event is marked with whose body names something twice, outside of what its identity hangs on: we go by the
/// last one, and another reader may have gone by the first. `text` is as [`text`] gives it.
pub fn ambiguity(text: &[u8]) -> Option<Field> {
    let json = json::parse(text)?;
    let value = "the body names something twice; the last one counts here".to_owned();
    json::repeats(json.raw()).then(|| Field { name: "ambiguous".into(), value })
}

/// The trigger fields that a source's events can have.
pub fn trigger_fields(source: &str) -> impl Iterator<Item = TriggerField> + use<> {
    attributes::rows(source).iter().map(|row| row.field)
}

/// A request whose text is checked once, when somebody first looks into it.
#[derive(Debug)]
pub struct Reading<'a> {
    headers: &'a Headers,
    text: &'a [u8],
    json: OnceCell<Option<Json<'a>>>,
}

/// One event of a delivery, for filters.
pub struct EventView<'v, 'a> {
    source: &'v dyn Source,
    event: &'v Event,
    reading: &'v Reading<'a>,
}

impl<'a> Reading<'a> {
    /// Of a request and its [`text`].
    pub fn new(headers: &'a Headers, text: &'a [u8]) -> Self {
        Self { headers, text, json: OnceCell::new() }
    }

    /// As filters see this event of it.
    pub fn view<'v>(&'v self, source: &'v dyn Source, event: &'v Event) -> EventView<'v, 'a> {
        EventView { source, event, reading: self }
    }

    fn json(&self) -> Option<Json<'a>> {
        *self.json.get_or_init(|| json::parse(self.text))
    }

    fn at(&self, place: &'a str) -> Vec<Json<'a>> {
        self.json().map(|json| walk(json, &mut place.split('.'))).unwrap_or_default()
    }

    /// The texts and numbers at a place of the table; an empty text is as good as none.
    fn scalars(&self, place: &'static str) -> Vec<Cow<'a, str>> {
        let values: Vec<_> = match place.strip_prefix("header:") {
            Some(name) => self.headers.text(name).map(Cow::Borrowed).into_iter().collect(),
            None => self.at(place).into_iter().flat_map(each).filter_map(Json::scalar).collect(),
        };
        values.into_iter().filter(|value| !value.is_empty()).collect()
    }
}

impl View for EventView<'_, '_> {
    fn event(&self) -> &Event {
        self.event
    }

    fn is_handshake(&self) -> bool {
        self.source.is_handshake(self.event)
    }

    fn field(&self, field: TriggerField) -> Attribute<'_> {
        let row = attributes::rows(self.source.name()).iter().find(|row| row.field == field);
        row.map_or(Attribute::Values(Vec::new()), |row| self.attribute(row))
    }

    fn body(&self, path: &[String]) -> Vec<Seen<'_>> {
        let found = self.reading.json().map(|json| walk(json, &mut path.iter().map(String::as_str)));
        found.into_iter().flatten().filter_map(|value| seen(value, MAX_DEPTH)).collect()
    }

    fn new_texts(&self) -> Vec<Cow<'_, str>> {
        if !std::str::from_utf8(self.reading.text).is_ok_and(|text| text.contains(MARK)) {
            return Vec::new();
        }
        let has = |place, wanted: &[&str]| self.reading.scalars(place).iter().any(|v| wanted.contains(&v.as_ref()));
        let mut places = attributes::new_texts(self.source.name()).iter();
        let texts = places.find_map(|new| {
            let brought = new.action.is_none_or(|(at, wanted)| has(at, wanted));
            let texts = if brought { self.reading.scalars(new.place) } else { Vec::new() };
            (!texts.is_empty()).then_some(texts)
        });
        texts.unwrap_or_default()
    }
}

impl EventView<'_, '_> {
    fn attribute(&self, row: &Row) -> Attribute<'_> {
        if let Written::Where(place, wanted) = row.written
            && !self.reading.scalars(place).iter().any(|value| wanted.contains(&value.as_ref()))
        {
            return Attribute::NotApplicable;
        }
        let found = row.places.iter().map(|place| self.reading.scalars(place)).find(|values| !values.is_empty());
        match (found, row.absent) {
            (Some(values), _) => {
                Attribute::Values(values.into_iter().map(|value| written(value, row.written)).collect())
            }
            (None, Absent::Means(value)) => Attribute::Values(vec![Cow::Borrowed(value)]),
            (None, Absent::Passes) => Attribute::NotApplicable,
            (None, Absent::Stops) => Attribute::Values(Vec::new()),
        }
    }
}

fn written(value: Cow<'_, str>, how: Written) -> Cow<'_, str> {
    let part = match how {
        Written::Plain | Written::Where(..) => None,
        Written::Branch => value.strip_prefix("refs/heads/"),
        Written::Owner => value.split_once('/').map(|(owner, _)| owner),
    };
    match part {
        Some(part) => Cow::Owned(part.to_owned()),
        None => value,
    }
}

/// Follows names; a list is looked through whole, unless a number picks one of its items.
fn walk<'a, 'n>(value: Json<'a>, names: &mut (impl Iterator<Item = &'n str> + Clone)) -> Vec<Json<'a>> {
    let Some(name) = names.next() else { return vec![value] };
    if value.is_object() {
        return value.get(name).map(|value| walk(value, names)).unwrap_or_default();
    }
    if let Ok(at) = name.parse() {
        return value.items().nth(at).map(|value| walk(value, names)).unwrap_or_default();
    }
    let through = |item: Json<'a>| item.get(name).map(|value| walk(value, &mut names.clone())).unwrap_or_default();
    value.items().flat_map(through).collect()
}

/// A list as its items.
fn each(value: Json<'_>) -> Vec<Json<'_>> {
    if value.raw().starts_with('[') { value.items().collect() } else { vec![value] }
}

fn seen(value: Json<'_>, depth: usize) -> Option<Seen<'_>> {
    let depth = depth.checked_sub(1)?;
    Some(match value.raw().as_bytes().first()? {
        b'n' => Seen::Null,
        b't' => Seen::Bool(true),
        b'f' => Seen::Bool(false),
        b'"' => Seen::Text(value.text()?),
        b'[' => Seen::List(value.items().filter_map(|item| seen(item, depth)).collect()),
        b'{' => Seen::Object,
        _ => Seen::Number(Cow::Borrowed(value.raw())),
    })
}

#[cfg(test)]
mod tests;
