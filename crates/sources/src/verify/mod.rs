//! Who sent this: one engine that follows [rules](rule::Rule), a [table](table) of one row per provider, and two ways
//! of proof that are no signatures, a token sent as it is and Graph's repeated secret.
//!
//! Every live secret is tried, in constant time. A secret that is empty, or that the scheme cannot use, never matches;
//! when none is left everything is refused. The algorithm is the configuration's choice, never the sender's.

mod check;
mod custom;
mod graph;
mod header;
mod key;
mod rule;
mod table;
#[cfg(test)]
mod tests;
mod time;
pub(crate) mod token;
mod url;
mod verifier;
mod way;

pub(crate) use url::parameter;
pub use verifier::Verifier;
pub(crate) use way::{auth, knows, needs_url, proof_headers, schemes, sign, signs_time};

use crate::{Refusal, Request};

/// The only value of a header, which must be there.
fn only<'a>(request: &Request<'a>, name: &str) -> Result<&'a [u8], Refusal> {
    let mut values = request.headers.0.iter().filter(|(n, _)| n == name);
    let first = values.next().ok_or(Refusal::MissingSignature)?;
    if values.next().is_some() { Err(Refusal::MalformedSignature) } else { Ok(&first.1) }
}
