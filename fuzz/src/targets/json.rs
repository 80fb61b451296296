//! The scanner against serde_json: the same documents taken, the same values in them.

use std::fmt;

use hookwheel_sources::parsers::{Json, parse, parse_object};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{Target, corpus, trace};

/// Deepest nesting taken.
const MAX_DEPTH: usize = 128;

pub(super) const TARGET: Target = Target {
    name: "json",
    holds: "takes what serde_json takes, up to 128 levels and paired surrogates, and reads the same values",
    run,
    seeds,
    weight: 1,
};

fn run(input: &[u8]) -> u64 {
    let ours = parse(input);
    let theirs = read(input);
    assert_eq!(ours.is_some(), theirs.is_some(), "one takes what the other does not");
    let mut members = Vec::new();
    let object = parse_object(input, |name, value| members.push((name.into_owned(), value.raw())));
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => {
            agree(ours, &theirs);
            assert_eq!(object.is_some(), ours.is_object(), "parse_object and parse");
            if object.is_some() {
                let again: Vec<_> = ours.members().map(|(name, value)| (name.into_owned(), value.raw())).collect();
                assert_eq!(members, again);
            }
            trace(shape(&theirs, 3))
        }
        _ => {
            assert!(object.is_none(), "parse_object takes what parse does not");
            0
        }
    }
}

/// A document as serde_json reads it; numbers as they were written.
enum Value<'a> {
    Scalar(&'a str),
    Text(String),
    List(Vec<Value<'a>>),
    Object(Vec<(String, Value<'a>)>),
}

fn read(input: &[u8]) -> Option<Value<'_>> {
    let text = std::str::from_utf8(input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input)).ok()?;
    value(serde_json::from_str::<&RawValue>(text).ok()?.get(), 0)
}

fn value(text: &str, depth: usize) -> Option<Value<'_>> {
    match text.as_bytes().first()? {
        b'{' | b'[' if depth == MAX_DEPTH => None,
        b'{' => {
            let Members(members) = serde_json::from_str(text).ok()?;
            let members = members.into_iter().map(|(name, raw)| Some((name, value(raw.get(), depth + 1)?)));
            members.collect::<Option<_>>().map(Value::Object)
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            items.into_iter().map(|raw| value(raw.get(), depth + 1)).collect::<Option<_>>().map(Value::List)
        }
        b'"' => serde_json::from_str(text).ok().map(Value::Text),
        _ => Some(Value::Scalar(text)),
    }
}

/// An object's members in order, with their repeats.
pub(super) struct Members<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

fn agree(ours: Json<'_>, theirs: &Value<'_>) {
    match theirs {
        Value::Scalar(text) => assert_eq!(ours.raw(), *text),
        Value::Text(text) => assert_eq!(ours.text().as_deref(), Some(text.as_str())),
        Value::List(items) => {
            assert!(ours.is_array() && ours.items().count() == items.len(), "another number of items");
            ours.items().zip(items).for_each(|(ours, theirs)| agree(ours, theirs));
        }
        Value::Object(members) => {
            assert!(ours.is_object() && ours.members().count() == members.len(), "another number of members");
            for ((name, ours), (expected, theirs)) in ours.members().zip(members) {
                assert_eq!(name, expected.as_str());
                agree(ours, theirs);
            }
            if let Some((name, _)) = members.last() {
                let repeats = members.iter().filter(|(n, _)| n == name).count();
                assert_eq!(ours.only(name).is_err(), repeats > 1, "a repeated name");
                let last = ours.members().filter(|(n, _)| n == name).last();
                assert_eq!(ours.get(name), last.map(|(_, value)| value));
            }
        }
    }
}

/// Kinds of values down to a depth: what makes an input unlike others.
fn shape(value: &Value<'_>, depth: u8) -> u64 {
    match value {
        Value::Scalar(text) => trace((0, text.as_bytes().first(), text.len().min(4))),
        Value::Text(text) => trace((1, text.len().min(2), text.contains('\0'))),
        _ if depth == 0 => 2,
        Value::List(items) => trace((3, items.iter().take(4).map(|item| shape(item, depth - 1)).collect::<Vec<_>>())),
        Value::Object(members) => {
            trace((4, members.iter().take(4).map(|(_, value)| shape(value, depth - 1)).collect::<Vec<_>>()))
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let written = [
        r#"{"a":[1,-0.5e+10,true,false,null,{}],"b":"\u00e9\ud83d\ude00\n","a":{"c":[[]]}}"#,
        "\u{feff} [\"\\u0000\", 1e400, 18446744073709551616] ",
        r#""x""#,
        "0",
        r#"{"":"","\u0061":1,"a":2}"#,
    ];
    let deep = ["[".repeat(128) + &"]".repeat(128), "{\"a\":".repeat(127) + "[]" + &"}".repeat(127)];
    let bodies = corpus::fixtures(".json").into_iter().map(|(_, body)| body).filter(|body| body.len() < 2_000);
    written.map(|text| text.as_bytes().to_vec()).into_iter().chain(deep.map(String::into_bytes)).chain(bodies).collect()
}
