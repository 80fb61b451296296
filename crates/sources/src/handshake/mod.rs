//! Handshakes: requests with which a provider makes sure that we are there, that we want it, or that we know the secret.
//!
//! Some are signed like any delivery and answered after they were verified; they become deliveries that wake nobody. The
//! others cannot be signed: they are answered only where the webhook's source is that provider, what they make us say is
//! short and is never read as anything but text, and nothing of them is kept.

mod echo;
mod tokens;

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Proof;

pub(crate) use echo::{echo_header, echo_parameter, empty, json, parameter, text, with_body};
pub use tokens::Tokens;

use crate::{Refusal, Request, Source, Verifier};

/// What a provider hears instead of the usual answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// A 2xx.
    pub status: u16,
    /// Beside the length; lower-case names.
    pub headers: Vec<(&'static str, Vec<u8>)>,
    /// At most a little over 1 KiB.
    pub body: Vec<u8>,
}

/// What becomes of a handshake that cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeting {
    /// It is answered.
    Answered(Answer),
    /// It names a token that is not ours (403).
    Denied,
}

/// What handshakes may ask of a webhook. The secrets answer for themselves and are never shown.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// Its live secrets.
    pub verifier: &'a Verifier,
    /// What its provider may name to be let in.
    pub tokens: &'a Tokens,
    /// Whether a provider that chooses the secret may do so now.
    pub pairing: bool,
}

/// A request that was met, and not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    /// An unsigned handshake. There is nothing to store.
    Greeted(Greeting),
    /// It is genuine; a signed handshake brings its answer, to be given once it is stored.
    Believed(Proof, Option<Answer>),
}

/// Greets or verifies. The signature comes before a signed handshake is even looked for: else anyone could have us say
/// what they like.
pub fn meet(source: &dyn Source, desk: &Desk<'_>, request: &Request<'_>, now: Timestamp) -> Result<Met, Refusal> {
    if let Some(greeting) = source.greet(desk, request) {
        return Ok(Met::Greeted(greeting));
    }
    let proof = desk.verifier.verify(request, now)?;
    let answer = source.answer(desk, proof.secret, request);
    Ok(Met::Believed(proof, answer))
}

#[cfg(test)]
mod tests;
