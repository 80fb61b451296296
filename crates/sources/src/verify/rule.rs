//! How a provider signs, as data: which headers, which bytes, which spelling. The [table](super::table) holds one each.

use hookwheel_core::webhook::{Encoding, Hash, KeyForm, TimeUnit};

/// One way of signing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule<'a> {
    /// Its name in configuration and in records.
    pub(super) name: &'static str,
    /// Other names configuration may use.
    pub(super) aliases: &'static [&'static str],
    /// The header sets a sender may use; the first whose signature is there counts.
    pub(super) headers: &'a [Family<'a>],
    /// How the signature stands in its header.
    pub(super) spelling: Spelling<'a>,
    /// How its bytes are written.
    pub(super) encoding: Encoding,
    /// What a secret is.
    pub(super) key: KeyRule,
    /// What is signed: literal text and `{id}` `{ts}` `{body}` `{method}` `{url}` `{form}`.
    pub(super) template: &'a str,
    /// The signed time, where there is one.
    pub(super) time: Option<Time>,
    /// Which readings of the URL a sender may have signed.
    pub(super) url: UrlForms,
    /// Query parameter that holds the hex SHA-256 of the body when the body itself is not signed.
    pub(super) body_hash: Option<&'static str>,
}

/// The headers of one sender family, lower-case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family<'a> {
    pub(super) signature: &'a str,
    pub(super) id: Option<&'a str>,
    pub(super) time: Option<&'a str>,
}

/// How a signature stands in its header.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spelling<'a> {
    /// Alone, after this text, whose ASCII case does not matter.
    After(&'a str),
    /// In a list, each after a version and a mark. Versions not named here are skipped.
    Listed { between: u8, mark: u8, versions: &'static [(&'static str, Kind)] },
}

/// What a signature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Mac,
    Ed25519,
}

/// How a configured secret becomes a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum KeyRule {
    /// An HMAC key.
    Mac(Hash, KeyForm),
    /// Standard Webhooks: `whsec_` and base64 for an HMAC-SHA256 key, `whpk_` for a public, `whsk_` for a private key.
    Standard,
    /// An Ed25519 key in hex: 32 bytes, public to verify and a seed to sign; or 64 bytes, seed and public, for both.
    Ed25519Hex,
}

/// A time that the signature covers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    pub(super) from: TimeFrom,
    pub(super) unit: TimeUnit,
    /// How far it may be from ours, seconds, both ways.
    pub(super) tolerance: u32,
}

/// Where the signed time stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum TimeFrom {
    /// In the family's own header.
    Header,
    /// In the signature's list, under this name.
    List(&'static str),
    /// In the signed body, as this member of the outermost object.
    Body(&'static str),
}

/// Which readings of the URL count; each needs a genuine signature all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UrlForms {
    /// As configured.
    AsIs,
    /// With and without the scheme's usual port.
    AnyUsualPort,
    /// As configured, and with the escapes decoded that the provider decodes.
    SomeDecoded,
}

/// One piece of what is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Id,
    Time,
    Body,
    Method,
    Url,
    Form,
}

const FIELDS: [(&str, Piece<'static>); 6] = [
    ("{id}", Piece::Id),
    ("{ts}", Piece::Time),
    ("{body}", Piece::Body),
    ("{method}", Piece::Method),
    ("{url}", Piece::Url),
    ("{form}", Piece::Form),
];

/// The pieces of a template in order.
pub(super) fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((field, piece)) = FIELDS.iter().find(|(field, _)| rest.starts_with(field)) {
            rest = &rest[field.len()..];
            return Some(*piece);
        }
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find('{').map_or(rest.len(), |at| at + first);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(text))
    })
}

impl Rule<'_> {
    /// Whether this piece is part of what is signed.
    pub(super) fn signs(&self, piece: Piece<'_>) -> bool {
        pieces(self.template).any(|p| p == piece)
    }

    /// The way a signature of this kind is marked in its list; none when it stands alone.
    pub(super) fn version(&self, kind: Kind) -> Option<&'static str> {
        match self.spelling {
            Spelling::After(_) => None,
            Spelling::Listed { versions, .. } => versions.iter().find(|(_, k)| *k == kind).map(|(name, _)| *name),
        }
    }
}
