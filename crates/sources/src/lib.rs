//! Webhook providers: verify a request, name its event, find its key, describe it. Pure; one file per provider.
//!
//! Verification depends on the webhook's [`Auth`](hookwheel_core::webhook::Auth) alone ([`verify`]); meaning depends on
//! its profile, a [`Source`] found by name in the [`registry`](source).

mod admit;
mod form;
mod generic;
mod github;
mod json;
mod request;
mod standard_webhooks;
mod summary;
mod verify;

pub use request::{Headers, Request};

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Proof;
use hookwheel_core::event::Event;
use hookwheel_core::webhook::{Auth, Webhook};

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

    /// What it means. Given an admitted request this never fails; what is not there is left out.
    fn describe(&self, webhook: &Webhook, request: &Request<'_>) -> Event;

    /// Whether the event only says that the provider has found us, which is no agent's business.
    fn is_handshake(&self, _event: &Event) -> bool {
        false
    }

    /// Headers that carry credentials beside the scheme's own; they are never stored. Lower-case.
    fn credential_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// A typical delivery, unsigned: headers and body, for `send` and the demo. `seed` varies ids.
    fn sample(&self, seed: u64) -> (Vec<(String, String)>, Vec<u8>);
}

/// Whether the sender knows one of the secrets. Constant-time in every secret; every secret is tried.
pub fn verify(auth: &Auth, secrets: &[&[u8]], request: &Request<'_>, now: Timestamp) -> Result<Proof, Refusal> {
    verify::verify(auth, secrets, request, now)
}

/// The signing side of [`verify`], for `send`, the demo and tests: headers to add.
pub fn sign(auth: &Auth, secret: &[u8], request: &Request<'_>, now: Timestamp) -> Vec<(String, String)> {
    verify::sign(auth, secret, request, now)
}

/// Header names the scheme reads its proof from; they are removed before a delivery is stored. Lower-case.
pub fn proof_headers(auth: &Auth) -> Vec<String> {
    verify::proof_headers(auth)
}

/// The profile of this name.
pub fn source(name: &str) -> Option<&'static dyn Source> {
    all().iter().copied().find(|s| s.name() == name)
}

/// All profiles.
pub fn all() -> &'static [&'static dyn Source] {
    &[&github::Github, &standard_webhooks::StandardWebhooks, &generic::Generic]
}

#[cfg(test)]
mod tests;
