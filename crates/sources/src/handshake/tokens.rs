//! What a provider may name to be let in, known by digests alone.

use crate::verify::token::{self, TokenDigest};

/// The tokens a provider was given for its handshake; an empty one admits nobody. Prints nothing of itself.
#[derive(Default)]
pub struct Tokens(Vec<Option<TokenDigest>>);

impl Tokens {
    /// Any of these is right.
    pub fn new(tokens: &[&[u8]]) -> Self {
        Self(tokens.iter().map(|token| token::digest(token)).collect())
    }

    /// Whether this is one of them; every one is compared in constant time.
    pub(crate) fn hold(&self, named: &[u8]) -> bool {
        token::matching(&self.0, named).is_some()
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}
