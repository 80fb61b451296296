//! Forms against a reading of the standard's own steps: split, then replace, then decode.

use hookwheel_sources::parsers::{form_as_object, payload_of_form};

use crate::{Target, trace};

pub(super) const TARGET: Target = Target {
    name: "forms",
    holds: "one payload or none, every field as sent, and what comes out is JSON",
    run,
    seeds,
    weight: 1,
};

fn run(input: &[u8]) -> u64 {
    let fields = fields(input);
    let payload = payload_of_form(input);
    // A payload is only looked for under its plain name.
    let plain: Vec<_> = input.split(|&b| b == b'&').filter_map(|field| field.strip_prefix(b"payload=")).collect();
    let expected = if let [only] = plain.as_slice() { decoded(only) } else { None };
    assert_eq!(payload.clone().ok(), expected, "payload");
    let object = form_as_object(input);
    match (&object, &fields) {
        (Ok(json), Some(fields)) => {
            let value: serde_json::Value = serde_json::from_slice(json).expect("what comes out is JSON");
            // Of fields with one name serde_json keeps the last.
            for (name, value_of) in fields {
                let last = fields.iter().rfind(|(n, _)| n == name).map(|(_, value)| value.as_str());
                assert_eq!(value[name.as_str()].as_str(), last, "{name:?} after {value_of:?}");
            }
            let names: std::collections::BTreeSet<_> = fields.iter().map(|(name, _)| name).collect();
            assert_eq!(value.as_object().map(serde_json::Map::len), Some(names.len()));
        }
        (Err(_), None) => {}
        _ => panic!("one takes a form that the other does not"),
    }
    trace((payload.is_ok(), object.is_ok(), fields.map(|fields| fields.len().min(6))))
}

/// Names and values; `None` when an escape or its text is broken.
fn fields(input: &[u8]) -> Option<Vec<(String, String)>> {
    let text = |part: &[u8]| decoded(part).and_then(|bytes| String::from_utf8(bytes).ok());
    let pieces = input.split(|&b| b == b'&').filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            let mut halves = piece.splitn(2, |&b| b == b'=');
            Some((text(halves.next()?)?, text(halves.next().unwrap_or_default())?))
        })
        .collect()
}

fn decoded(part: &[u8]) -> Option<Vec<u8>> {
    let mut pieces = part.split(|&b| b == b'%');
    let blanks = |piece: &[u8]| piece.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect::<Vec<_>>();
    let mut out = blanks(pieces.next()?);
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        out.extend(hex::decode(digits).ok()?);
        out.extend(blanks(rest));
    }
    Some(out)
}

fn seeds() -> Vec<Vec<u8>> {
    let written = [
        "payload=%7B%22a%22%3A+1%7D",
        "a=1&b=%C3%A9&&c",
        "From=%2B1555&Body=a+%22b%22%0A&Empty=",
        "payload=1&payload=2",
    ];
    written.map(|text| text.as_bytes().to_vec()).to_vec()
}
