//! Who sent this: one entry point over two ways of proof, a MAC and a token.
//!
//! Each way of proof tries every live secret and compares in constant time. A secret that is empty, or that the scheme
//! cannot use, never matches; when none is left everything is refused.

mod mac;
mod scheme;
mod token;

#[cfg(test)]
mod tests;

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Proof;
use hookwheel_core::webhook::Auth;

use crate::{Refusal, Request};
use scheme::Scheme;
use token::Token;

/// See [`crate::verify`].
pub(crate) fn verify(auth: &Auth, secrets: &[&[u8]], request: &Request<'_>, now: Timestamp) -> Result<Proof, Refusal> {
    let (secret, signed_at) = match way(auth) {
        Way::Open => return Ok(proof(auth, None, None)),
        Way::Mac(scheme) => scheme.verify(secrets, request, now)?,
        Way::Token(token) => (token.verify(secrets, request)?, None),
    };
    Ok(proof(auth, Some(secret), signed_at))
}

/// See [`crate::sign`].
pub(crate) fn sign(auth: &Auth, secret: &[u8], request: &Request<'_>, now: Timestamp) -> Vec<(String, String)> {
    match way(auth) {
        Way::Open => Vec::new(),
        Way::Mac(scheme) => scheme.sign(secret, request, now),
        Way::Token(token) => token.sign(secret),
    }
}

/// See [`crate::proof_headers`].
pub(crate) fn proof_headers(auth: &Auth) -> Vec<String> {
    match way(auth) {
        Way::Open => Vec::new(),
        Way::Mac(scheme) => scheme.signature_headers(),
        Way::Token(token) => vec![token.header],
    }
}

enum Way {
    Open,
    Mac(Scheme),
    Token(Token),
}

fn way(auth: &Auth) -> Way {
    match auth {
        Auth::None => Way::Open,
        Auth::GithubHmacSha256 => Way::Mac(Scheme::github()),
        Auth::StandardWebhooks => Way::Mac(Scheme::standard_webhooks()),
        Auth::Hmac(wanted) => Way::Mac(Scheme::custom(wanted)),
        Auth::StaticHeader { header } => Way::Token(Token::header(header)),
        Auth::Bearer => Way::Token(Token::bearer()),
    }
}

fn proof(auth: &Auth, secret: Option<usize>, signed_at: Option<Timestamp>) -> Proof {
    let scheme = match auth {
        Auth::None => "none",
        Auth::GithubHmacSha256 => "github_hmac_sha256",
        Auth::StandardWebhooks => "standard_webhooks",
        Auth::Hmac(_) => "hmac",
        Auth::StaticHeader { .. } => "static_header",
        Auth::Bearer => "bearer",
    };
    Proof { scheme: scheme.into(), secret: secret.and_then(|n| u32::try_from(n).ok()), signed_at }
}

/// The only value of a header, which must be there.
fn only<'a>(request: &Request<'a>, name: &'a str) -> Result<&'a [u8], Refusal> {
    match request.headers.only(name) {
        None => Err(Refusal::MissingSignature),
        Some(Err(())) => Err(Refusal::MalformedSignature),
        Some(Ok(value)) => Ok(value),
    }
}
