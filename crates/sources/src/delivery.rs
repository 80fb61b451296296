//! One delivery, or one item of a batch, with its members at hand.

use std::borrow::Cow;

use hookwheel_core::EntityKey;

use crate::json::Json;
use crate::summary::{SHORT, cut};
use crate::{BadBody, Headers};

/// What a profile's functions look at. A path is dotted (`issue.user.login`); a number picks an array's item
/// (`changes.0.ref`).
pub(crate) struct Delivery<'a> {
    source: &'static str,
    /// The headers as sent.
    pub(crate) headers: &'a Headers,
    /// The whole body.
    pub(crate) whole: Json<'a>,
    /// The item this is about; the whole body when there is no batch.
    pub(crate) item: Json<'a>,
    members: Vec<(Cow<'a, str>, Json<'a>)>,
}

impl<'a> Delivery<'a> {
    /// A delivery that is no batch.
    pub(crate) fn whole(source: &'static str, headers: &'a Headers, body: Json<'a>) -> Self {
        Self::item(source, headers, body, body)
    }

    /// One item of a batch.
    pub(crate) fn item(source: &'static str, headers: &'a Headers, whole: Json<'a>, item: Json<'a>) -> Self {
        Self { source, headers, whole, item, members: item.members().collect() }
    }

    /// The value at this path of the item.
    pub(crate) fn at(&self, path: &str) -> Option<Json<'a>> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        match self.members.iter().rfind(|(name, _)| name == first) {
            Some((_, member)) => rest.map_or(Some(*member), |rest| member.path(rest)),
            None => self.item.path(path).filter(|_| !self.item.is_object()),
        }
    }

    /// The text, number or boolean at this path, if it is not empty.
    pub(crate) fn scalar(&self, path: &str) -> Option<Cow<'a, str>> {
        self.at(path)?.scalar().filter(|value| !value.is_empty())
    }

    /// The first of these places that holds a scalar.
    pub(crate) fn first(&self, paths: &[&str]) -> Option<Cow<'a, str>> {
        paths.iter().find_map(|path| self.scalar(path))
    }

    /// Whether there is something other than `null` at this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.at(path).is_some_and(|value| !value.is_null())
    }

    /// The only value of this lower-case header, if it is text and not empty.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        let value = self.headers.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value);
        let mut text = value.map(|value| std::str::from_utf8(value).unwrap_or_default());
        text.next().filter(|value| !value.is_empty() && text.next().is_none())
    }

    /// The entity of the first template all of whose places hold something, under the profile's name:
    /// `"{project.path}:issue:{issue.number}"` becomes `gitlab:o/r:issue:7`.
    pub(crate) fn entity(&self, templates: &[&str]) -> Option<EntityKey> {
        templates.iter().find_map(|template| self.fill(template)).map(|filled| self.own(&filled))
    }

    /// This entity under the profile's name.
    pub(crate) fn own(&self, entity: &str) -> EntityKey {
        EntityKey::fit(&format!("{}:{entity}", self.source))
    }

    /// The template with the values of its places; `None` when one of them holds nothing.
    pub(crate) fn fill(&self, template: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = template;
        while let Some((literal, after)) = rest.split_once('{') {
            let (place, after) = after.split_once('}')?;
            out.push_str(literal);
            out.push_str(&self.scalar(place)?);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    /// Refuses an item that names the same thing twice on the way to this path.
    pub(crate) fn unambiguous(&self, path: &str) -> Result<(), BadBody> {
        let mut value = Some(self.item);
        for name in path.split('.') {
            let Some(parent) = value else { return Ok(()) };
            value = if parent.is_object() {
                parent.only(name).map_err(|_| BadBody::DuplicateKey)?
            } else {
                parent.path(name)
            };
        }
        Ok(())
    }
}

/// `branch:main` of `refs/heads/main`, `tag:v1` of `refs/tags/v1`.
pub(crate) fn reference(full: &str) -> Option<String> {
    let kinds = [("refs/heads/", "branch"), ("refs/tags/", "tag")];
    kinds.iter().find_map(|(prefix, kind)| Some(format!("{kind}:{}", full.strip_prefix(prefix)?)))
}

/// An event type from parts joined by dots: missing ones are left out, but not the first. A part that is no name
/// (control characters, over 100 bytes) counts as missing; so a type is always printable and at most 256 characters.
pub(crate) fn event_type(parts: &[Option<&str>]) -> Option<String> {
    let sound = |part: &&str| !part.is_empty() && part.len() <= 100 && !part.contains(char::is_control);
    let mut parts = parts.iter().map(|part| part.filter(|text| sound(text)));
    let mut name = parts.next()??.to_owned();
    for part in parts.flatten() {
        name.push('.');
        name.push_str(part);
    }
    Some(cut(&name, SHORT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn paths_templates_and_repeated_names() {
        let headers =
            Headers(vec![("x-a".into(), b"1".to_vec()), ("x-b".into(), b"1".to_vec()), ("x-b".into(), vec![])]);
        let body = json::parse(br#"{"p":{"n":7,"e":""},"l":[{"r":"main"}],"t":1,"t":2,"q":{"u":1,"u":2}}"#).unwrap();
        let delivery = Delivery::whole("test", &headers, body);
        assert_eq!(delivery.scalar("l.0.r").unwrap(), "main");
        assert_eq!(delivery.scalar("t").unwrap(), "2");
        assert_eq!(delivery.first(&["p.e", "p.x", "p.n"]).unwrap(), "7");
        assert_eq!(delivery.entity(&["{p.e}:a", "{l.0.r}:b:{p.n}"]).unwrap().as_str(), "test:main:b:7");
        assert_eq!(delivery.entity(&["{p.e}:a"]), None);
        assert_eq!((delivery.header("x-a"), delivery.header("x-b"), delivery.header("x-c")), (Some("1"), None, None));
        assert!(delivery.unambiguous("p.n").is_ok() && delivery.unambiguous("l.0.r").is_ok());
        assert!(delivery.unambiguous("t").is_err() && delivery.unambiguous("q.u").is_err());
    }

    #[test]
    fn an_event_type_is_made_of_names() {
        assert_eq!(event_type(&[Some("a"), None, Some("b")]).unwrap(), "a.b");
        assert_eq!(event_type(&[Some("a"), Some("x\ny"), Some("")]).unwrap(), "a");
        assert_eq!(event_type(&[None, Some("b")]), None);
        assert_eq!(event_type(&[Some(&"x".repeat(101))]), None);
    }
}
