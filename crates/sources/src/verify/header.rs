//! What stands in a signature's header: one signature after a prefix, or a list of them with versions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hookwheel_core::webhook::Encoding;

use super::rule::{Kind, Spelling};
use crate::Refusal;

/// More parts than this in one header are refused unread.
const MAX_PARTS: usize = 16;
/// Room for the longest signature, 64 bytes, as a base64 decoder wants it.
const ROOM: usize = 72;

/// A signature as sent, decoded.
#[derive(Clone, Copy)]
pub(super) struct Code {
    pub(super) kind: Kind,
    bytes: [u8; ROOM],
    length: usize,
}

impl Code {
    const NOTHING: Self = Self { kind: Kind::Mac, bytes: [0; ROOM], length: 0 };

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn decode(kind: Kind, encoding: Encoding, text: &[u8]) -> Option<Self> {
        let mut code = Self { kind, ..Self::NOTHING };
        code.length = match encoding {
            Encoding::Hex => {
                let length = text.len() / 2;
                hex::decode_to_slice(text, code.bytes.get_mut(..length)?).ok()?;
                length
            }
            Encoding::Base64 => BASE64.decode_slice(text, &mut code.bytes).ok()?,
        };
        (code.length > 0).then_some(code)
    }
}

/// The signatures of one header.
pub(super) struct Codes {
    codes: [Code; MAX_PARTS],
    length: usize,
}

impl Codes {
    /// Reads a header. When there is a key for none of its signatures, the sender speaks another version.
    pub(super) fn read(
        header: &[u8],
        spelling: Spelling<'_>,
        encoding: Encoding,
        wanted: impl Fn(Kind) -> bool,
    ) -> Result<Self, Refusal> {
        let mut found = Self { codes: [Code::NOTHING; MAX_PARTS], length: 0 };
        match spelling {
            Spelling::After(prefix) => {
                let text = after(header, prefix).ok_or(Refusal::MalformedSignature)?;
                let kind = if wanted(Kind::Mac) { Kind::Mac } else { Kind::Ed25519 };
                found.push(Code::decode(kind, encoding, text));
            }
            Spelling::Listed { between, mark, versions } => {
                if parts(header, between).nth(MAX_PARTS).is_some() {
                    return Err(Refusal::MalformedSignature);
                }
                let mut marked = parts(header, between).filter_map(|part| split(part, mark)).peekable();
                marked.peek().ok_or(Refusal::MalformedSignature)?;
                let mut known = marked.filter_map(|(version, text)| {
                    versions.iter().find(|(name, _)| name.as_bytes() == version).map(|(_, kind)| (*kind, text))
                });
                let first = known.next().ok_or(Refusal::NoKnownVersion)?;
                for (kind, text) in std::iter::once(first).chain(known) {
                    found.push(Code::decode(kind, encoding, text));
                }
            }
        }
        if found.length == 0 {
            return Err(Refusal::MalformedSignature);
        }
        if found.all().iter().any(|code| wanted(code.kind)) { Ok(found) } else { Err(Refusal::NoKnownVersion) }
    }

    pub(super) fn all(&self) -> &[Code] {
        &self.codes[..self.length]
    }

    fn push(&mut self, code: Option<Code>) {
        if let (Some(code), Some(place)) = (code, self.codes.get_mut(self.length)) {
            *place = code;
            self.length += 1;
        }
    }
}

/// The value under this name in a list; it must be there once.
pub(super) fn listed<'a>(header: &'a [u8], spelling: Spelling<'_>, name: &str) -> Option<&'a [u8]> {
    let Spelling::Listed { between, mark, .. } = spelling else { return None };
    let mut values = parts(header, between).filter_map(|part| split(part, mark)).filter(|(n, _)| *n == name.as_bytes());
    let first = values.next()?;
    values.next().is_none().then_some(first.1)
}

/// What follows a prefix whose ASCII case does not matter.
pub(super) fn after<'a>(header: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    let (found, rest) = header.split_at_checked(prefix.len())?;
    found.eq_ignore_ascii_case(prefix.as_bytes()).then_some(rest)
}

/// Writes a signature the way [`Codes::read`] reads it.
pub(super) fn write(spelling: Spelling<'_>, encoding: Encoding, version: Option<&str>, code: &[u8]) -> String {
    let text = match encoding {
        Encoding::Hex => hex::encode(code),
        Encoding::Base64 => BASE64.encode(code),
    };
    match spelling {
        Spelling::After(prefix) => format!("{prefix}{text}"),
        Spelling::Listed { mark, .. } => format!("{}{}{text}", version.unwrap_or_default(), char::from(mark)),
    }
}

fn parts(header: &[u8], between: u8) -> impl Iterator<Item = &[u8]> {
    header.split(move |&b| b == between).map(<[u8]>::trim_ascii).filter(|part| !part.is_empty())
}

fn split(part: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let at = part.iter().position(|&b| b == mark)?;
    Some((&part[..at], &part[at + 1..]))
}
