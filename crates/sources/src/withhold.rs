//! Senders that put a secret into the body: it is blanked before the body is kept, shown or read by anybody.

use std::borrow::Cow;
use std::ops::Range;

use hookwheel_core::webhook::Auth;

use crate::json::{self, Json};
use crate::{Source, form};

const BLANK: &[u8] = b"\"***\"";

/// Where a sender keeps secrets in its bodies.
enum Place {
    /// In `clientState` of each item of `value`.
    ClientState,
    /// In the outermost `token`, of a JSON body, of a form, or of the JSON in a form's `payload`.
    Token,
}

/// The body without the secrets in it; `None` when there are none, and it is kept as it came.
pub(crate) fn kept_body(auth: &Auth, source: &dyn Source, body: &[u8]) -> Option<Vec<u8>> {
    let place = match (auth, source.name()) {
        (Auth::Scheme { name, .. }, _) if matches!(name.as_str(), "graph" | "msgraph") => Place::ClientState,
        (_, "graph") => Place::ClientState,
        (_, "slack" | "discord") => Place::Token,
        _ => return None,
    };
    match json::parse(body) {
        Some(json) => blanked(body, json, &place),
        None => without_token_in_form(body),
    }
}

/// The fields of a form with its token blanked, outside and inside `payload`.
fn without_token_in_form(body: &[u8]) -> Option<Vec<u8>> {
    let mut changed = false;
    let fields = body.split(|&b| b == b'&').map(|field| {
        let kept = match field.strip_prefix(b"payload=") {
            Some(encoded) => form::decode(encoded).and_then(|text| {
                let kept = blanked(&text, json::parse(&text)?, &Place::Token)?;
                Some([b"payload=", form::encode(&kept).as_slice()].concat())
            }),
            None => field.starts_with(b"token=").then(|| b"token=***".to_vec()),
        };
        changed |= kept.is_some();
        kept.unwrap_or_else(|| field.to_vec())
    });
    let kept = fields.collect::<Vec<_>>().join(&b'&');
    changed.then_some(kept)
}

/// The JSON text with each secret blanked.
fn blanked(text: &[u8], body: Json<'_>, place: &Place) -> Option<Vec<u8>> {
    let secrets: Vec<Json<'_>> = match place {
        Place::Token => named(body, "token").collect(),
        Place::ClientState => {
            named(body, "value").flat_map(Json::items).flat_map(|item| named(item, "clientState")).collect()
        }
    };
    let spans: Vec<_> = secrets.iter().filter(|one| one.raw().starts_with('"')).map(|one| span(text, one)).collect();
    let (last, mut kept) = (spans.last()?.end, Vec::with_capacity(text.len()));
    let mut from = 0;
    for span in spans {
        kept.extend_from_slice(text.get(from..span.start)?);
        kept.extend_from_slice(BLANK);
        from = span.end;
    }
    kept.extend_from_slice(text.get(last..)?);
    Some(kept)
}

fn named<'a>(object: Json<'a>, name: &'static str) -> impl Iterator<Item = Json<'a>> {
    let members: Vec<(Cow<'a, str>, Json<'a>)> = object.members().collect();
    members.into_iter().filter(move |(member, _)| member == name).map(|(_, value)| value)
}

/// Where a value that was read from this text stands in it.
fn span(text: &[u8], value: &Json<'_>) -> Range<usize> {
    let start = (value.raw().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    start..start + value.raw().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(source: &str, body: &str) -> Option<String> {
        let source = crate::source(source).unwrap();
        kept_body(&source.default_auth(), source, body.as_bytes()).map(|kept| String::from_utf8(kept).unwrap())
    }

    #[test]
    fn a_secret_in_the_body_is_blanked_and_nothing_else_is_touched() {
        let graph = r#"{ "value": [{"clientState" :"canary","id": 1.50}, {"clientState":"can\u0061ry"} ], "clientState":"mine"}"#;
        let wanted = r#"{ "value": [{"clientState" :"***","id": 1.50}, {"clientState":"***"} ], "clientState":"mine"}"#;
        assert_eq!(kept("graph", graph).unwrap(), wanted);
        assert_eq!(kept("discord", r#"{"type":2,"token":"canary"}"#).unwrap(), r#"{"type":2,"token":"***"}"#);
        assert_eq!(
            kept("slack", r#"{"token":"canary","token":"canary"}"#).unwrap(),
            r#"{"token":"***","token":"***"}"#
        );
        assert_eq!(kept("slack", "a=1&token=canary&text=x+y").unwrap(), "a=1&token=***&text=x+y");
    }

    #[test]
    fn a_token_inside_a_form_s_payload_is_blanked_too() {
        let form =
            kept("slack", "payload=%7B%22token%22%3A%22canary%22%2C%22type%22%3A%22block_actions%22%7D").unwrap();
        assert_eq!(form::payload(form.as_bytes()).unwrap(), br#"{"token":"***","type":"block_actions"}"#);
    }

    #[test]
    fn bodies_without_secrets_are_kept_as_they_came() {
        for (source, body) in [
            ("github", r#"{"token":"a word"}"#),
            ("slack", r#"{"token":7,"event":{"token":"a word"}}"#),
            ("graph", r#"{"value":{"clientState":"x"}}"#),
            ("slack", "not a form"),
            ("slack", ""),
        ] {
            assert_eq!(kept(source, body), None, "{source} {body}");
        }
    }
}
