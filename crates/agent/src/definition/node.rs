//! Front matter as a tree that knows its lines.

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::Mistake;

/// Front matter sits below one line of dashes.
const LINES_ABOVE: usize = 1;

/// The entries of a mapping, in order.
#[derive(Debug, Default)]
pub(super) struct Front(pub(super) Vec<Entry>);

/// One key and its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) value: Node,
}

/// A value.
#[derive(Debug)]
pub(super) enum Node {
    Nothing,
    Flag,
    Number(u64),
    Text(String),
    List(Vec<(usize, Node)>),
    Table(Front),
    /// A negative number or a fraction; nothing here takes one.
    OtherNumber,
}

impl Front {
    pub(super) fn parse(yaml: &str) -> Result<Self, Vec<Mistake>> {
        if yaml.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        match serde_saphyr::from_str::<Node>(yaml) {
            Ok(Node::Table(front)) => Ok(front),
            Ok(_) => Err(unreadable(1, "the front matter is not a list of `key: value` lines")),
            Err(cause) => {
                let line = cause.location().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
                let message = cause.without_snippet().to_string();
                Err(unreadable(line + LINES_ABOVE, message.lines().next().unwrap_or("the front matter is not YAML")))
            }
        }
    }
}

fn unreadable(line: usize, what: &str) -> Vec<Mistake> {
    let remedy = "write `key: value` lines, and quote values that hold `: ` or begin with a sign".to_owned();
    vec![Mistake { line, what: what.to_owned(), remedy }]
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Flag)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        Ok(u64::try_from(number).map_or(Node::OtherNumber, Node::Number))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::OtherNumber)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Node>>()? {
            list.push((line_of(&item), item.value));
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut front = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, Node>()? {
            front.push(Entry { line: line_of(&key), key: key.value, value });
        }
        Ok(Node::Table(Front(front)))
    }
}

fn line_of<T>(spanned: &Spanned<T>) -> usize {
    usize::try_from(spanned.referenced.line()).unwrap_or(0) + LINES_ABOVE
}
