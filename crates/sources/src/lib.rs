//! Webhook providers: verify a request, name its event, find its key, describe it. Pure; one file per provider.
//!
//! Verification depends on the webhook's [`Auth`](hookwheel_core::webhook::Auth) alone ([`verify`]); meaning depends on
//! its profile, a [`Source`] found by name in the [`registry`](source).

mod admit;
mod attributes;
mod delivery;
mod facts;
mod form;
pub mod handshake;
mod json;
mod made_key;
#[doc(hidden)]
pub mod parsers;
mod profile;
mod providers;
mod request;
mod summary;
mod verify;
mod view;
mod withhold;

pub use providers::{all, source};
pub use request::{Headers, Request, public_url};
pub use verify::Verifier;
pub use view::{EventView, Reading, ambiguity, text, trigger_fields};

use std::time::Duration;

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Proof;
use hookwheel_core::event::Event;
use hookwheel_core::webhook::{Auth, Webhook};

use handshake::{Answer, Desk, Greeting};

/// Why a request was not believed. A closed set: it becomes a metric label and a record, and never reaches the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No signature or token.
    MissingSignature,
    /// Not a signature of this scheme, or the header is there twice.
    MalformedSignature,
    /// Well formed and wrong.
    SignatureMismatch,
    /// No signed time where the scheme needs one.
    TimestampMissing,
    /// Not a time.
    TimestampMalformed,
    /// Older than the tolerance.
    TimestampStale,
    /// Further in the future than the tolerance.
    TimestampFuture,
    /// Signatures, but of no version we take.
    NoKnownVersion,
    /// Nothing to compare with.
    SecretNotConfigured,
}

impl Refusal {
    /// The name in labels and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingSignature => "missing_signature",
            Self::MalformedSignature => "malformed_signature",
            Self::SignatureMismatch => "signature_mismatch",
            Self::TimestampMissing => "timestamp_missing",
            Self::TimestampMalformed => "timestamp_malformed",
            Self::TimestampStale => "timestamp_stale",
            Self::TimestampFuture => "timestamp_future",
            Self::NoKnownVersion => "no_known_version",
            Self::SecretNotConfigured => "secret_not_configured",
        }
    }
}

/// Why a believed request is not a delivery of this profile (a 4xx to the sender). A closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BadBody {
    /// No body where one is needed.
    Empty,
    /// Not JSON of the profile's kind (bad syntax, encoding, depth over 128, trailing data, lone surrogate).
    InvalidJson,
    /// A form without exactly one `payload`.
    InvalidForm,
    /// JSON of another shape than the profile's.
    UnexpectedShape,
    /// The same key twice where identity hangs on it.
    DuplicateKey,
    /// The event header and the body disagree.
    EventMismatch,
    /// A delivery id over 255 bytes.
    BadDeliveryId,
    /// A content type the profile cannot take (415).
    UnsupportedType,
}

/// One provider's profile.
pub trait Source: Send + Sync {
    /// Its name in configuration, labels and entity keys.
    fn name(&self) -> &'static str;

    /// How its senders usually prove themselves.
    fn default_auth(&self) -> Auth;

    /// Whether a verified request is a delivery of this profile, and its delivery key: the provider's id, else
    /// `sha256:<hex of the body>`.
    fn admit(&self, webhook: &Webhook, request: &Request<'_>) -> Result<String, BadBody>;

    /// After how long the same body, of a sender that gives no ids, is news and not a repeat. `None`: never.
    fn repeats_after(&self) -> Option<Duration> {
        None
    }

    /// What it means; of a batch, what its first item means. Given an admitted request this never fails; what is not
    /// there is left out.
    fn describe(&self, webhook: &Webhook, request: &Request<'_>) -> Event;

    /// Every event it brings: one per item of a batch, in order, and at least one.
    fn events(&self, webhook: &Webhook, request: &Request<'_>) -> Vec<Event> {
        vec![self.describe(webhook, request)]
    }

    /// The event types known to come, sorted; none when the sender makes up its own.
    fn event_types(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether the event only says that the provider has found us, which is no agent's business.
    fn is_handshake(&self, _event: &Event) -> bool {
        false
    }

    /// What a handshake that cannot be signed hears; `None` for every other request. It is asked before anything is
    /// verified, and whatever the method.
    fn greet(&self, _desk: &Desk<'_>, _request: &Request<'_>) -> Option<Greeting> {
        None
    }

    /// What a verified handshake hears instead of the usual answer; `secret` is the place of the secret it was signed
    /// with.
    fn answer(&self, _desk: &Desk<'_>, _secret: Option<u32>, _request: &Request<'_>) -> Option<Answer> {
        None
    }

    /// Headers that carry credentials beside the scheme's own; they are never stored. Lower-case.
    fn credential_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// A typical delivery, unsigned: headers and body, for `send` and the demo. `seed` varies ids.
    fn sample(&self, seed: u64) -> (Vec<(String, String)>, Vec<u8>);
}

/// The delivery key of a verified request: what [`Source::admit`] says, and for a body that stands for itself and may
/// come again as news, also when it came.
pub fn delivery_key(
    source: &dyn Source,
    webhook: &Webhook,
    request: &Request<'_>,
    received_at: Timestamp,
) -> Result<String, BadBody> {
    let key = source.admit(webhook, request)?;
    match source.repeats_after() {
        Some(window) if key == admit::body_key(request.body) => {
            let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX).max(1);
            Ok(format!("{key}@{}", received_at.secs().div_euclid(window)))
        }
        _ => Ok(key),
    }
}

/// One look with a [`Verifier`] made for it; who checks many requests keeps one.
pub fn verify(auth: &Auth, secrets: &[&[u8]], request: &Request<'_>, now: Timestamp) -> Result<Proof, Refusal> {
    Verifier::new(auth, secrets).verify(request, now)
}

/// The signing side of [`verify`], for `send`, the demo and tests: headers to add, none when the secret cannot sign.
///
/// A secret that only verifies signs nothing: for Ed25519 give the private key (`whsk_` and base64 of 64 bytes; for
/// Discord hex of the 32-byte seed or of the 64-byte pair). A token for the query and a secret or time inside the body
/// are the caller's to place.
pub fn sign(auth: &Auth, secret: &[u8], request: &Request<'_>, now: Timestamp) -> Vec<(String, String)> {
    verify::sign(auth, secret, request, now)
}

/// Header names the scheme reads its proof from; they are removed before a delivery is stored. Lower-case.
pub fn proof_headers(auth: &Auth) -> Vec<String> {
    verify::proof_headers(auth)
}

/// The body as it may be kept: some senders put a secret into it, which is blanked (Graph's `clientState`, and `token`
/// of Slack and Discord). `None` when there is none, and the body is kept as it came.
pub fn kept_body(auth: &Auth, source: &dyn Source, body: &[u8]) -> Option<Vec<u8>> {
    withhold::kept_body(auth, source, body)
}

/// The scheme of this name, as configuration and test vectors write it: a provider's, `none`, `bearer` or `basic`.
/// `hmac`, `static_header` and `query_token` need more words than a name.
pub fn auth(name: &str) -> Option<Auth> {
    verify::auth(name)
}

/// The names [`auth`] knows, without their other spellings.
pub fn schemes() -> impl Iterator<Item = &'static str> {
    verify::schemes()
}

/// Whether this version can tell who sent a request; a [`Verifier`] for any other scheme believes nobody.
pub fn knows(auth: &Auth) -> bool {
    verify::knows(auth)
}

/// Whether the sender signs a time, so that a window can be chosen for it.
pub fn signs_time(auth: &Auth) -> bool {
    verify::signs_time(auth)
}

/// Whether the sender signs the URL, so that the webhook needs its public base.
pub fn needs_url(auth: &Auth) -> bool {
    verify::needs_url(auth)
}

#[cfg(test)]
mod believed;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod post;
#[cfg(test)]
mod probe;
#[cfg(test)]
mod tests;
