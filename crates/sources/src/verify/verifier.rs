//! A webhook's check, made ready once and used for every request.

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Proof;
use hookwheel_core::webhook::Auth;

use super::key::Key;
use super::token::{self, TokenDigest};
use super::way::{self, Way};
use super::{check, graph};
use crate::{Refusal, Request};

/// Tells genuine requests of one webhook from others. Holds keys, so it prints none of itself but the scheme's name.
pub struct Verifier {
    name: &'static str,
    way: Way,
    secrets: Secrets,
    window: Option<u32>,
}

/// The live secrets in the form the way of proof needs; `None` where one cannot be used.
enum Secrets {
    Keys(Vec<Option<Key>>),
    Tokens(Vec<Option<TokenDigest>>),
}

impl Verifier {
    /// Decodes the secrets and keys every MAC. `secrets` are the live ones, in the order in which a proof counts them.
    pub fn new(auth: &Auth, secrets: &[&[u8]]) -> Self {
        let way = Way::of(auth);
        let key = way.with_rule(|rule| (rule.key, rule.time.map(|time| time.tolerance)));
        let (secrets, usual) = match key {
            Some((key, usual)) => (Secrets::Keys(secrets.iter().map(|s| Key::to_verify(key, s)).collect()), usual),
            None => (Secrets::Tokens(secrets.iter().map(|s| token::digest(s)).collect()), None),
        };
        let chosen = if let Auth::Scheme { tolerance, .. } = auth { *tolerance } else { None };
        Self { name: way::name(auth), way, secrets, window: usual.map(|usual| chosen.unwrap_or(usual)) }
    }

    /// The same with another window, seconds both ways; `None` judges no time at all.
    #[must_use]
    pub fn with_tolerance(self, window: Option<u32>) -> Self {
        Self { window, ..self }
    }

    /// Whether the n-th secret is of the kind that the scheme needs; another one believes nobody.
    pub fn is_usable(&self, n: usize) -> bool {
        match &self.secrets {
            Secrets::Keys(keys) => matches!(keys.get(n), Some(Some(_))),
            Secrets::Tokens(tokens) => matches!(tokens.get(n), Some(Some(_))),
        }
    }

    /// Whether the sender knows one of the secrets. Constant-time in every secret; every secret is tried.
    pub fn verify(&self, request: &Request<'_>, now: Timestamp) -> Result<Proof, Refusal> {
        let (secret, signed_at) = match (&self.way, &self.secrets) {
            (Way::Open, _) => (None, None),
            (Way::Rule(rule), Secrets::Keys(keys)) => some(check::verify(rule, keys, self.window, request, now)?),
            (Way::Custom(custom), Secrets::Keys(keys)) => {
                some(custom.with(|rule| check::verify(rule, keys, self.window, request, now))?)
            }
            (Way::Graph, Secrets::Tokens(tokens)) => (Some(graph::verify(tokens, request)?), None),
            (way, Secrets::Tokens(tokens)) => {
                let found = way.with_places(|places| token::verify(places, tokens, request));
                (Some(found.unwrap_or(Err(Refusal::SecretNotConfigured))?), None)
            }
            (_, Secrets::Keys(_)) => return Err(Refusal::SecretNotConfigured),
        };
        let secret = secret.and_then(|n| u32::try_from(n).ok());
        Ok(Proof { scheme: self.name.to_owned(), secret, signed_at })
    }
}

impl Verifier {
    /// The MAC of a message by the secret of this place, by the first that can be used if none is named; for the
    /// handshakes that ask for one.
    pub(crate) fn mac(&self, secret: Option<u32>, message: &[u8]) -> Option<Vec<u8>> {
        let Secrets::Keys(keys) = &self.secrets else { return None };
        let key = match secret {
            Some(n) => keys.get(usize::try_from(n).ok()?)?.as_ref()?,
            None => keys.iter().flatten().next()?,
        };
        let mac = key.code(&|sink| sink(message), <[u8]>::to_vec);
        (!mac.is_empty()).then_some(mac)
    }
}

fn some((secret, at): check::Found) -> (Option<usize>, Option<Timestamp>) {
    (Some(secret), at)
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("scheme", &self.name).finish_non_exhaustive()
    }
}
