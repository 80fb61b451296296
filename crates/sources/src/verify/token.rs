//! Tokens sent as they are: a header of the operator's choice, or `Authorization: Bearer`.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::only;
use crate::{Refusal, Request};

/// Where a token stands.
pub(super) struct Token {
    /// Lower-case.
    pub(super) header: String,
    /// The scheme's name and one blank before the token, where there is one; its case does not matter.
    prefix: &'static str,
}

impl Token {
    pub(super) fn header(name: &str) -> Self {
        Self { header: name.to_ascii_lowercase(), prefix: "" }
    }

    pub(super) fn bearer() -> Self {
        Self { header: "authorization".into(), prefix: "Bearer " }
    }

    /// Which secret was sent. Digests are compared, so that not even a length leaks.
    pub(super) fn verify(&self, secrets: &[&[u8]], request: &Request<'_>) -> Result<usize, Refusal> {
        if secrets.iter().all(|secret| secret.is_empty()) {
            return Err(Refusal::SecretNotConfigured);
        }
        let sent = only(request, &self.header)?;
        let (prefix, token) = sent.split_at_checked(self.prefix.len()).ok_or(Refusal::MalformedSignature)?;
        if !prefix.eq_ignore_ascii_case(self.prefix.as_bytes()) {
            return Err(Refusal::MalformedSignature);
        }
        let sent = Sha256::digest(token);
        let matching = secrets.iter().enumerate().fold(None, |found, (n, secret)| {
            let equal = bool::from(Sha256::digest(secret).ct_eq(&sent));
            found.or((equal && !secret.is_empty()).then_some(n))
        });
        matching.ok_or(Refusal::SignatureMismatch)
    }

    pub(super) fn sign(&self, secret: &[u8]) -> Vec<(String, String)> {
        vec![(self.header.clone(), format!("{}{}", self.prefix, String::from_utf8_lossy(secret)))]
    }
}
