//! How providers sign: which headers, which bytes, which spelling. One engine, described by a few fields.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hookwheel_core::Timestamp;
use hookwheel_core::webhook::{Encoding, Hash, HmacScheme};

use super::{mac, only};
use crate::{Refusal, Request};

/// More signatures than this in one header are refused unread.
const MAX_SIGNATURES: usize = 16;
/// How far a signed time may be from ours, seconds, in both directions.
const TOLERANCE: u64 = 300;

const BASE64: GeneralPurpose = base64::engine::general_purpose::STANDARD;
const BASE64_PADDED_OR_NOT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One way of signing.
pub(super) struct Scheme {
    /// The header sets a sender may use; the first whose signature is there counts.
    families: Vec<Family>,
    hash: Hash,
    encoding: Encoding,
    spelling: Spelling,
    key: Key,
}

/// The headers of one sender family, lower-case.
struct Family {
    signature: String,
    /// Headers of message id and time, which are then signed as `<id>.<time>.<body>`; without them the body alone is.
    stamp: Option<(String, String)>,
}

/// How the signature stands in its header.
enum Spelling {
    /// One, after this text.
    After(String),
    /// Several, apart by blanks, each after this version and a comma; other versions are skipped.
    Versions(&'static str),
}

/// How the configured secret becomes a key.
enum Key {
    /// Its bytes.
    Text,
    /// The bytes it spells in base64, after an optional `whsec_`.
    Whsec,
}

/// What a sender signed: pieces of the request, and the time among them.
struct Signed<'a> {
    pieces: Vec<&'a [u8]>,
    at: Option<Timestamp>,
}

impl Scheme {
    pub(super) fn github() -> Self {
        Self::custom(&HmacScheme {
            header: "x-hub-signature-256".into(),
            prefix: "sha256=".into(),
            encoding: Encoding::Hex,
            hash: Hash::Sha256,
        })
    }

    pub(super) fn standard_webhooks() -> Self {
        let family = |brand: &str| Family {
            signature: format!("{brand}-signature"),
            stamp: Some((format!("{brand}-id"), format!("{brand}-timestamp"))),
        };
        Self {
            families: vec![family("webhook"), family("svix")],
            hash: Hash::Sha256,
            encoding: Encoding::Base64,
            spelling: Spelling::Versions("v1"),
            key: Key::Whsec,
        }
    }

    pub(super) fn custom(wanted: &HmacScheme) -> Self {
        Self {
            families: vec![Family { signature: wanted.header.to_ascii_lowercase(), stamp: None }],
            hash: wanted.hash,
            encoding: wanted.encoding,
            spelling: Spelling::After(wanted.prefix.clone()),
            key: Key::Text,
        }
    }

    /// Which secret signed this, and when. The time is judged after the signature, so that nobody can probe our clock.
    pub(super) fn verify(
        &self,
        secrets: &[&[u8]],
        request: &Request<'_>,
        now: Timestamp,
    ) -> Result<(usize, Option<Timestamp>), Refusal> {
        let keys: Vec<_> = secrets.iter().map(|secret| self.key(secret)).collect();
        if keys.iter().all(Option::is_none) {
            return Err(Refusal::SecretNotConfigured);
        }
        let family = self.family(request);
        let candidates = self.candidates(only(request, &family.signature)?)?;
        let signed = family.signed(request)?;
        let matching = keys.iter().enumerate().fold(None, |found, (n, key)| {
            let matches = key.as_ref().is_some_and(|k| mac::any_matches(self.hash, k, &signed.pieces, &candidates));
            found.or(matches.then_some(n))
        });
        let secret = matching.ok_or(Refusal::SignatureMismatch)?;
        if let Some(at) = signed.at {
            within_tolerance(at, now)?;
        }
        Ok((secret, signed.at))
    }

    pub(super) fn sign(&self, secret: &[u8], request: &Request<'_>, now: Timestamp) -> Vec<(String, String)> {
        let family = &self.families[0];
        let mut headers = Vec::new();
        let mut stamp = Vec::new();
        if let Some((id, time)) = &family.stamp {
            let known = request.headers.text(id).map(str::to_owned);
            let message =
                known.clone().unwrap_or_else(|| format!("msg_{}", hookwheel_core::ids::digest(&[request.body])));
            let seconds = now.secs().to_string();
            stamp = format!("{message}.{seconds}.").into_bytes();
            headers.extend(known.is_none().then(|| (id.clone(), message)));
            headers.push((time.clone(), seconds));
        }
        let key = self.key(secret).unwrap_or_default();
        let code = mac::code(self.hash, &key, &[&stamp, request.body]);
        headers.push((family.signature.clone(), self.spell(&code)));
        headers
    }

    pub(super) fn signature_headers(&self) -> Vec<String> {
        self.families.iter().map(|f| f.signature.clone()).collect()
    }

    fn family(&self, request: &Request<'_>) -> &Family {
        let present = |f: &&Family| request.headers.only(&f.signature).is_some();
        self.families.iter().find(present).unwrap_or(&self.families[0])
    }

    fn key(&self, secret: &[u8]) -> Option<Vec<u8>> {
        let key = match self.key {
            Key::Text => secret.to_vec(),
            Key::Whsec => BASE64_PADDED_OR_NOT.decode(secret.strip_prefix(b"whsec_").unwrap_or(secret)).ok()?,
        };
        (!key.is_empty()).then_some(key)
    }

    /// The signatures a header holds, as bytes.
    fn candidates(&self, header: &[u8]) -> Result<Vec<Vec<u8>>, Refusal> {
        match &self.spelling {
            Spelling::After(prefix) => {
                let (found, code) = header.split_at_checked(prefix.len()).ok_or(Refusal::MalformedSignature)?;
                if !found.eq_ignore_ascii_case(prefix.as_bytes()) {
                    return Err(Refusal::MalformedSignature);
                }
                Ok(vec![self.decode(code).ok_or(Refusal::MalformedSignature)?])
            }
            Spelling::Versions(version) => {
                let parts = || header.split(|&b| b == b' ').filter(|part| !part.is_empty());
                if parts().nth(MAX_SIGNATURES).is_some() || parts().next().is_none() {
                    return Err(Refusal::MalformedSignature);
                }
                let ours = |part: &[u8]| part.strip_prefix(version.as_bytes())?.strip_prefix(b",").map(<[u8]>::to_vec);
                let codes: Vec<_> = parts().filter_map(ours).collect();
                if codes.is_empty() {
                    return Err(Refusal::NoKnownVersion);
                }
                let decoded: Vec<_> = codes.iter().filter_map(|code| self.decode(code)).collect();
                if decoded.is_empty() { Err(Refusal::MalformedSignature) } else { Ok(decoded) }
            }
        }
    }

    fn decode(&self, code: &[u8]) -> Option<Vec<u8>> {
        let bytes = match self.encoding {
            Encoding::Hex => hex::decode(code).ok()?,
            Encoding::Base64 => BASE64.decode(code).ok()?,
        };
        (!bytes.is_empty()).then_some(bytes)
    }

    fn spell(&self, code: &[u8]) -> String {
        let text = match self.encoding {
            Encoding::Hex => hex::encode(code),
            Encoding::Base64 => BASE64.encode(code),
        };
        match &self.spelling {
            Spelling::After(prefix) => format!("{prefix}{text}"),
            Spelling::Versions(version) => format!("{version},{text}"),
        }
    }
}

impl Family {
    fn signed<'a>(&'a self, request: &Request<'a>) -> Result<Signed<'a>, Refusal> {
        let Some((id, time)) = &self.stamp else {
            return Ok(Signed { pieces: vec![request.body], at: None });
        };
        let id = only(request, id)?;
        let time = only(request, time).map_err(|refusal| match refusal {
            Refusal::MissingSignature => Refusal::TimestampMissing,
            _ => Refusal::TimestampMalformed,
        })?;
        let at = seconds(time).ok_or(Refusal::TimestampMalformed)?;
        Ok(Signed { pieces: vec![id, b".", time, b".", request.body], at: Some(at) })
    }
}

/// Decimal digits, with a minus at most.
fn seconds(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok().filter(|t| !t.starts_with('+'))?;
    text.parse().ok().map(Timestamp::from_secs)
}

fn within_tolerance(at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if at.secs().abs_diff(now.secs()) <= TOLERANCE {
        Ok(())
    } else if at < now {
        Err(Refusal::TimestampStale)
    } else {
        Err(Refusal::TimestampFuture)
    }
}
