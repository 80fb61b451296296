//! The one form senders use: `payload=` and percent-encoded JSON.

use crate::BadBody;

/// The only `payload` of a form body, decoded.
pub(crate) fn payload(body: &[u8]) -> Result<Vec<u8>, BadBody> {
    let mut found = body.split(|&b| b == b'&').filter_map(|field| field.strip_prefix(b"payload="));
    match (found.next(), found.next()) {
        (Some(only), None) => decode(only).ok_or(BadBody::InvalidForm),
        _ => Err(BadBody::InvalidForm),
    }
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
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

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes such a form.
    fn encode(payload: &[u8]) -> Vec<u8> {
        use std::io::Write as _;
        let mut body = b"payload=".to_vec();
        for &byte in payload {
            match byte {
                b' ' => body.push(b'+'),
                b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => body.push(b),
                b => _ = write!(body, "%{b:02X}"),
            }
        }
        body
    }

    #[test]
    fn takes_exactly_one_payload() {
        assert_eq!(payload(b"a=1&payload=%7B%22a%22%3A+1%7d").unwrap(), br#"{"a": 1}"#);
        for bad in [&b"a=1"[..], b"", b"payload=1&payload=2", b"payload=%zz", b"payload=%4"] {
            assert_eq!(payload(bad), Err(BadBody::InvalidForm));
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let every: Vec<u8> = (0..=255).collect();
        assert_eq!(payload(&encode(&every)).unwrap(), every);
    }
}
