//! Microsoft Graph: no signature, but every item of the body repeats a secret that only we and they know.

use super::token::{TokenDigest, matching};
use crate::{Refusal, Request, json};

/// Which secret all items repeat; the first item's, if they repeat different live ones.
pub(super) fn verify(secrets: &[Option<TokenDigest>], request: &Request<'_>) -> Result<usize, Refusal> {
    if secrets.iter().all(Option::is_none) {
        return Err(Refusal::SecretNotConfigured);
    }
    let body = json::parse(request.body).ok_or(Refusal::MalformedSignature)?;
    let value = body.only("value").map_err(|_| Refusal::MalformedSignature)?.ok_or(Refusal::MissingSignature)?;
    let mut first = None;
    for item in value.items() {
        let state = item.only("clientState").map_err(|_| Refusal::MalformedSignature)?;
        let state = state.ok_or(Refusal::MissingSignature)?.text().ok_or(Refusal::MalformedSignature)?;
        let secret = matching(secrets, state.as_bytes()).ok_or(Refusal::SignatureMismatch)?;
        first.get_or_insert(secret);
    }
    first.ok_or(Refusal::MissingSignature)
}
