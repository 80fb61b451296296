//! The forms senders use: `payload=` and percent-encoded JSON, or plain fields.

use crate::BadBody;

/// The only `payload` of a form body, decoded.
pub(crate) fn payload(body: &[u8]) -> Result<Vec<u8>, BadBody> {
    let mut found = body.split(|&b| b == b'&').filter_map(|field| field.strip_prefix(b"payload="));
    match (found.next(), found.next()) {
        (Some(only), None) => decode(only).ok_or(BadBody::InvalidForm),
        _ => Err(BadBody::InvalidForm),
    }
}

/// Whether there is a field `payload`.
pub(crate) fn has_payload(body: &[u8]) -> bool {
    body.split(|&b| b == b'&').any(|field| field.starts_with(b"payload="))
}

/// The fields of a form as a JSON object of strings, in order and with their repeats, to be read like any other body.
pub(crate) fn object(body: &[u8]) -> Result<Vec<u8>, BadBody> {
    let mut out = String::with_capacity(body.len() + 2);
    for field in body.split(|&b| b == b'&').filter(|field| !field.is_empty()) {
        let end = field.iter().position(|&b| b == b'=').unwrap_or(field.len());
        let (name, value) = (&field[..end], field.get(end + 1..).unwrap_or_default());
        out.push(if out.is_empty() { '{' } else { ',' });
        out.push_str(&quote(name)?);
        out.push(':');
        out.push_str(&quote(value)?);
    }
    out.push_str(if out.is_empty() { "{}" } else { "}" });
    Ok(out.into_bytes())
}

/// A name or a value of a form as a JSON string.
fn quote(encoded: &[u8]) -> Result<String, BadBody> {
    let text = decode(encoded).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(BadBody::InvalidForm)?;
    Ok(serde_json::Value::String(text).to_string())
}

/// Percent-decoded; `+` is a blank.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => nibble(*rest.next()?)? << 4 | nibble(*rest.next()?)?,
            plain => plain,
        });
    }
    Some(out)
}

/// What [`decode`] reads back.
pub(crate) fn encode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * text.len());
    for &byte in text {
        match byte {
            b' ' => out.push(b'+'),
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => out.push(b),
            b => out.extend_from_slice(format!("%{b:02X}").as_bytes()),
        }
    }
    out
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_exactly_one_payload() {
        assert_eq!(payload(b"a=1&payload=%7B%22a%22%3A+1%7d").unwrap(), br#"{"a": 1}"#);
        for bad in [&b"a=1"[..], b"", b"payload=1&payload=2", b"payload=%zz", b"payload=%4"] {
            assert_eq!(payload(bad), Err(BadBody::InvalidForm));
        }
    }

    #[test]
    fn a_plain_form_becomes_an_object() {
        let text = |body: &[u8]| object(body).map(|json| String::from_utf8(json).unwrap());
        assert_eq!(
            text(b"From=%2B1555&Body=a+%22b%22%0A&&Empty=&Bare").unwrap(),
            r#"{"From":"+1555","Body":"a \"b\"\n","Empty":"","Bare":""}"#
        );
        assert_eq!(text(b"a=1&a=2").unwrap(), r#"{"a":"1","a":"2"}"#);
        assert_eq!(text(b"&").unwrap(), "{}");
        for bad in [&b"a=%ff"[..], b"a=%4", b"%zz=1"] {
            assert_eq!(text(bad), Err(BadBody::InvalidForm));
        }
        assert!(has_payload(b"a=1&payload=x") && !has_payload(b"a=payload=1"));
    }

    #[test]
    fn reads_what_it_writes() {
        let every: Vec<u8> = (0..=255).collect();
        assert_eq!(payload(&[b"payload=", encode(&every).as_slice()].concat()).unwrap(), every);
    }
}
