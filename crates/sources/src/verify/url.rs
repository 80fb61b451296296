//! URLs and forms as senders sign them. Everything works on the text as sent; nothing is normalized.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use super::rule::UrlForms;

/// Escapes that HubSpot decodes before it signs; all others stay as sent.
const HUBSPOT_DECODES: &[u8] = b":/?@!$'()*,;";

/// The readings of a URL that a sender may have signed, the configured one first.
pub(super) fn forms(kind: UrlForms, url: &str) -> [Option<Cow<'_, str>>; 2] {
    let other = match kind {
        UrlForms::AsIs => None,
        UrlForms::AnyUsualPort => other_port(url),
        UrlForms::SomeDecoded => some_decoded(url),
    };
    [Some(Cow::Borrowed(url)), other.map(Cow::Owned)]
}

/// Whether it names scheme and host, so that a sender can have signed it.
pub(super) fn is_whole(url: &str) -> bool {
    url.find("://").is_some_and(|at| at > 0)
}

/// The value of a query parameter, decoded; the error when it is there twice.
pub(crate) fn parameter(url: &str, name: &str) -> Option<Result<Vec<u8>, ()>> {
    let mut values = pairs(query(url).as_bytes()).filter(|(n, _)| n == name.as_bytes()).map(|(_, value)| value);
    let first = values.next()?;
    Some(if values.next().is_some() { Err(()) } else { Ok(first) })
}

/// Twilio's reading of a form: names in order, under each name its distinct values in order, all run together.
pub(super) fn sorted_form(body: &[u8]) -> Vec<u8> {
    let mut pairs: Vec<_> = pairs(body).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs.into_iter().flat_map(|(name, value)| [name, value]).flatten().collect()
}

/// Whether a parameter holds the hash of this body; `None` when the URL has no such parameter.
pub(super) fn hash_agrees(url: &str, parameter_name: &str, body: &[u8]) -> Option<bool> {
    let sent = parameter(url, parameter_name)?;
    // A hash that everyone can compute is no secret: plain comparison.
    Some(sent.ok().and_then(|text| hex::decode(text).ok()).is_some_and(|sent| sent == Sha256::digest(body).as_slice()))
}

fn query(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or(url);
    url.split_once('?').map_or("", |(_, query)| query)
}

/// Names and values of a form or a query. A broken escape stays as it is.
fn pairs(text: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    text.split(|&b| b == b'&').filter(|field| !field.is_empty()).map(|field| {
        let at = field.iter().position(|&b| b == b'=').unwrap_or(field.len());
        (decode(&field[..at]), decode(field.get(at + 1..).unwrap_or_default()))
    })
}

fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let (decoded, used) = match (byte, escape(rest)) {
            (b'%', Some(decoded)) => (decoded, 3),
            (b'+', _) => (b' ', 1),
            _ => (byte, 1),
        };
        out.push(decoded);
        rest = &after[used - 1..];
    }
    out
}

/// The byte that an escape at the start of a text stands for.
fn escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |d: &u8| char::from(*d).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// The same URL with its scheme's usual port written out, or left out if it was there; `None` for any other port.
fn other_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if let Some(host) = authority.strip_suffix(port) {
        return Some(format!("{scheme}://{host}{path}"));
    }
    let host = authority.rsplit(['@', ']']).next().unwrap_or(authority);
    (!host.contains(':')).then(|| format!("{scheme}://{authority}{port}{path}"))
}

/// The URL with the escapes decoded that HubSpot decodes; `None` when there are none.
fn some_decoded(url: &str) -> Option<String> {
    let mut out = String::with_capacity(url.len());
    let mut rest = url;
    while let Some(at) = rest.find('%') {
        let (plain, escaped) = rest.split_at(at);
        out.push_str(plain);
        let decoded = escape(escaped.as_bytes()).filter(|byte| HUBSPOT_DECODES.contains(byte));
        let used = decoded.map_or(1, |_| 3);
        out.push(decoded.map_or('%', char::from));
        rest = &escaped[used..];
    }
    out.push_str(rest);
    (out != url).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_port_comes_and_goes_and_no_other_does() {
        for (url, other) in [
            ("https://a.example/x?y=1", Some("https://a.example:443/x?y=1")),
            ("https://a.example:443/x", Some("https://a.example/x")),
            ("http://a.example:80", Some("http://a.example")),
            ("https://a.example?x=a:b", Some("https://a.example:443?x=a:b")),
            ("https://[::1]/x", Some("https://[::1]:443/x")),
            ("https://user:word@a.example/", Some("https://user:word@a.example:443/")),
            ("https://a.example:8443/x", None),
            ("http://a.example:443/x", None),
            ("/webhooks/a", None),
            ("", None),
        ] {
            assert_eq!(other_port(url).as_deref(), other, "{url}");
        }
    }

    #[test]
    fn only_the_escapes_hubspot_decodes_are_decoded() {
        assert_eq!(some_decoded("https://a/b%2Fc%20d%3a%").as_deref(), Some("https://a/b/c%20d:%"));
        assert_eq!(some_decoded("https://a/b%é%2"), None);
    }

    #[test]
    fn a_form_is_sorted_and_its_repeats_are_one() {
        assert_eq!(sorted_form(b"b=2&a=%41+c&b=1&b=2&&d"), b"aA cb1b2d");
        assert_eq!(sorted_form(b"a=%zz&b=%4"), b"a%zzb%4");
    }

    #[test]
    fn a_parameter_must_be_there_once() {
        assert_eq!(parameter("/x?access_token=a%2Bb#access_token=c", "access_token"), Some(Ok(b"a+b".to_vec())));
        assert_eq!(parameter("/x?t=1&t=1", "t"), Some(Err(())));
        assert_eq!(parameter("/x", "t"), None);
    }
}
