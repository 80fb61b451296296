//! Secrets sent as they are: in a header, as `Authorization`, or in the query.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{header, only, url};
use crate::{Refusal, Request};

/// Where a token may stand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// In this header, after this text, whose ASCII case does not matter.
    Header { name: &'a str, prefix: &'a str },
    /// As `Authorization: Basic`; the token is `user:password`.
    Basic,
    /// As this parameter of the URL's query.
    Query(&'a str),
}

/// A provider that sends tokens.
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    /// The first that holds something counts.
    pub(super) places: &'static [Place<'static>],
}

/// The digest of a secret: comparing digests leaks not even a length.
pub(crate) type TokenDigest = [u8; 32];

/// The digest to compare with; `None` for an empty secret, which matches nothing.
pub(crate) fn digest(secret: &[u8]) -> Option<TokenDigest> {
    (!secret.is_empty()).then(|| Sha256::digest(secret).into())
}

/// Which of these is the digest of this text, every one compared in constant time.
pub(crate) fn matching(secrets: &[Option<TokenDigest>], sent: &[u8]) -> Option<usize> {
    let sent: TokenDigest = Sha256::digest(sent).into();
    secrets.iter().enumerate().fold(None, |found, (n, secret)| {
        let equal = secret.as_ref().is_some_and(|secret| bool::from(secret.ct_eq(&sent)));
        found.or(equal.then_some(n))
    })
}

/// Which secret was sent.
pub(super) fn verify(
    places: &[Place<'_>],
    secrets: &[Option<TokenDigest>],
    request: &Request<'_>,
) -> Result<usize, Refusal> {
    if secrets.iter().all(Option::is_none) {
        return Err(Refusal::SecretNotConfigured);
    }
    let mut refusal = Refusal::MissingSignature;
    for place in places {
        match place.read(request) {
            Ok(token) => return matching(secrets, &token).ok_or(Refusal::SignatureMismatch),
            Err(Refusal::MissingSignature) => {}
            Err(other) => refusal = other,
        }
    }
    Err(refusal)
}

/// The header that carries the secret; none when only the URL can.
pub(super) fn sign(places: &[Place<'_>], secret: &[u8]) -> Option<(String, String)> {
    match places.first()? {
        Place::Header { name, prefix } => {
            Some((name.to_ascii_lowercase(), format!("{prefix}{}", String::from_utf8_lossy(secret))))
        }
        Place::Basic => Some(("authorization".into(), format!("Basic {}", BASE64.encode(secret)))),
        Place::Query(_) => None,
    }
}

impl Place<'_> {
    fn read(&self, request: &Request<'_>) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::Header { name, prefix } => {
                let token = header::after(only(request, name)?, prefix).ok_or(Refusal::MalformedSignature)?;
                Ok(token.to_vec())
            }
            Self::Basic => {
                let sent = only(request, "authorization")?;
                let sent = header::after(sent, "Basic ").ok_or(Refusal::MalformedSignature)?;
                // Half a password is a wrong password, whether or not its base64 happens to end well.
                BASE64.decode(sent).map_err(|_| Refusal::SignatureMismatch)
            }
            Self::Query(name) => url::parameter(request.url, name)
                .ok_or(Refusal::MissingSignature)?
                .map_err(|()| Refusal::MalformedSignature),
        }
    }

    /// The lower-case header it reads, if it reads one.
    pub(super) fn header(&self) -> Option<&str> {
        match self {
            Self::Header { name, .. } => Some(name),
            Self::Basic => Some("authorization"),
            Self::Query(_) => None,
        }
    }
}
