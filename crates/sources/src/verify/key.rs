//! Keys, made ready once: an HMAC that has taken its key in, or half of an Ed25519 pair.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use hookwheel_core::webhook::{Hash, KeyForm};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::header::Code;
use super::rule::{KeyRule, Kind};

const PADDED_OR_NOT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Takes bytes piece by piece.
pub(super) type Sink<'a> = dyn FnMut(&[u8]) + 'a;

/// What a secret turns into.
pub(super) enum Key {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
    Public(Box<VerifyingKey>),
    Pair(Box<SigningKey>),
}

impl Key {
    /// The key that verifies; `None` when the secret is empty or not of this kind.
    pub(super) fn to_verify(rule: KeyRule, secret: &[u8]) -> Option<Self> {
        match Self::read(rule, secret)? {
            Self::Pair(pair) => Some(Self::Public(Box::new(pair.verifying_key()))),
            key => Some(key),
        }
    }

    /// The key that signs. A public key does not.
    pub(super) fn to_sign(rule: KeyRule, secret: &[u8]) -> Option<Self> {
        if let KeyRule::Ed25519Hex = rule
            && let Ok(seed) = <[u8; 32]>::try_from(hex::decode(secret).ok()?)
        {
            return Some(Self::Pair(Box::new(SigningKey::from_bytes(&seed))));
        }
        Self::read(rule, secret).filter(|key| !matches!(key, Self::Public(_)))
    }

    fn read(rule: KeyRule, secret: &[u8]) -> Option<Self> {
        match rule {
            KeyRule::Mac(hash, form) => Self::mac(hash, &decode(form, secret)?),
            KeyRule::Ed25519Hex => Self::ed25519(&hex::decode(secret).ok()?),
            KeyRule::Standard => {
                if let Some(rest) = secret.strip_prefix(b"whpk_").or_else(|| secret.strip_prefix(b"whsk_")) {
                    return Self::ed25519(&decode(KeyForm::Base64, rest)?);
                }
                let secret = secret.strip_prefix(b"whsec_").unwrap_or(secret);
                Self::mac(Hash::Sha256, &decode(KeyForm::Base64, secret)?)
            }
        }
    }

    fn mac(hash: Hash, key: &[u8]) -> Option<Self> {
        if key.is_empty() {
            return None;
        }
        match hash {
            Hash::Sha1 => Hmac::new_from_slice(key).ok().map(Self::Sha1),
            Hash::Sha256 => Hmac::new_from_slice(key).ok().map(Self::Sha256),
            Hash::Sha512 => Hmac::new_from_slice(key).ok().map(Self::Sha512),
        }
    }

    fn ed25519(bytes: &[u8]) -> Option<Self> {
        if let Ok(pair) = bytes.try_into() {
            return SigningKey::from_keypair_bytes(pair).ok().map(Box::new).map(Self::Pair);
        }
        VerifyingKey::from_bytes(bytes.try_into().ok()?).ok().map(Box::new).map(Self::Public)
    }

    /// What its signatures are.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Sha1(_) | Self::Sha256(_) | Self::Sha512(_) => Kind::Mac,
            Self::Public(_) | Self::Pair(_) => Kind::Ed25519,
        }
    }

    /// Whether one of these codes belongs to what `feed` pours out. Codes of a MAC are compared in constant time, all.
    pub(super) fn matches(&self, codes: &[Code], feed: &dyn Fn(&mut Sink<'_>)) -> bool {
        let Self::Public(public) = self else {
            return self.code(feed, |right| {
                let ours = codes.iter().filter(|code| code.kind == Kind::Mac);
                ours.fold(false, |found, code| bool::from(code.bytes().ct_eq(right)) | found)
            });
        };
        let mut message = Vec::new();
        feed(&mut |piece| message.extend_from_slice(piece));
        let signatures = codes.iter().filter(|code| code.kind == Kind::Ed25519);
        signatures
            .filter_map(|code| Signature::from_slice(code.bytes()).ok())
            .any(|signature| public.verify_strict(&message, &signature).is_ok())
    }

    /// Hands over the signature of what `feed` pours out; an empty one for a key that cannot sign.
    pub(super) fn code<T>(&self, feed: &dyn Fn(&mut Sink<'_>), take: impl FnOnce(&[u8]) -> T) -> T {
        macro_rules! mac {
            ($keyed:expr) => {{
                let mut mac = $keyed.clone();
                feed(&mut |piece| mac.update(piece));
                take(&mac.finalize().into_bytes())
            }};
        }
        match self {
            Self::Sha1(keyed) => mac!(keyed),
            Self::Sha256(keyed) => mac!(keyed),
            Self::Sha512(keyed) => mac!(keyed),
            Self::Pair(pair) => {
                let mut message = Vec::new();
                feed(&mut |piece| message.extend_from_slice(piece));
                take(&pair.sign(&message).to_bytes())
            }
            Self::Public(_) => take(&[]),
        }
    }
}

fn decode(form: KeyForm, secret: &[u8]) -> Option<Vec<u8>> {
    match form {
        KeyForm::Text => Some(secret.to_vec()),
        KeyForm::Hex => hex::decode(secret).ok(),
        KeyForm::Base64 => PADDED_OR_NOT.decode(secret).ok(),
    }
}
