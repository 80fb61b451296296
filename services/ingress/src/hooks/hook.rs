//! One webhook, ready for use: its secrets read, its profile found, its counters at hand.

use std::borrow::Cow;

use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::Webhook;
use hookwheel_core::{SnapshotHash, Timestamp};
use hookwheel_sources::handshake::Desk;
use hookwheel_sources::{Source, public_url};

use super::keys::Keys;
use super::secrets::Secrets;
use crate::meters::HookMeters;
use crate::pace::Pace;

/// Headers that carry a credential whatever the profile; never stored.
const CREDENTIALS: &[&str] = &[
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-auth-token",
    "x-gitlab-token",
    "x-hook-secret",
    "x-webhook-secret",
];

/// One webhook of the snapshot.
pub(crate) struct Hook {
    pub(crate) webhook: Webhook,
    /// The configuration its deliveries are accepted under.
    pub(crate) snapshot: SnapshotHash,
    pub(crate) source: &'static dyn Source,
    pub(crate) secrets: Secrets,
    /// Headers that are not stored, lower-case.
    withheld: Vec<String>,
    /// Bounds what strangers can have answered.
    pub(crate) greetings: Pace,
    pub(crate) meters: HookMeters,
}

/// The webhook cannot be served by this process.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// Not a snapshot.
    #[error("its configuration cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Configured for a newer version, or by hand.
    #[error("this version has no source {0:?}")]
    UnknownSource(String),
    /// The same for the way its senders prove themselves.
    #[error("this version does not know its authentication")]
    UnknownAuth,
}

impl Hook {
    /// Reads the value of a CONFIG key, and the secrets it refers to; `sealed` is the value of its secret's key.
    pub(crate) fn read(value: &[u8], sealed: Option<&[u8]>, keys: &mut Keys, now: Timestamp) -> Result<Self, Unusable> {
        let Snapshot { webhook, .. } = Snapshot::from_bytes(value)?;
        let source = hookwheel_sources::source(&webhook.source)
            .ok_or_else(|| Unusable::UnknownSource(webhook.source.chars().take(64).collect()))?;
        if !hookwheel_sources::knows(&webhook.auth) {
            return Err(Unusable::UnknownAuth);
        }
        let secrets = Secrets::read(&webhook, sealed, keys, now);
        let withheld = hookwheel_sources::proof_headers(&webhook.auth)
            .into_iter()
            .chain(source.credential_headers().iter().chain(CREDENTIALS).map(|name| (*name).to_owned()))
            .collect();
        let meters = HookMeters::new(webhook.slug.as_str(), source.name());
        let snapshot = SnapshotHash::of(value);
        Ok(Self { webhook, snapshot, source, secrets, withheld, greetings: Pace::default(), meters })
    }

    /// What a handshake may ask of it at this time.
    pub(crate) fn desk(&self, now: Timestamp) -> Desk<'_> {
        let pairing = self.webhook.pairing_until.is_some_and(|end| now < end);
        Desk { verifier: &self.secrets.verifier, tokens: &self.secrets.tokens, pairing }
    }

    /// The URL of a request to it as its senders know it, from configuration and never from `Host`; of the target the
    /// query alone where a proxy rewrites the path.
    pub(crate) fn url<'a>(&self, target: &'a str) -> Cow<'a, str> {
        let base = self.webhook.public_base_url.as_deref();
        let Some(path) = &self.webhook.public_path else { return public_url(base, target) };
        let query = target.find('?').map_or("", |at| &target[at..]);
        Cow::Owned(public_url(base, &format!("{path}{query}")).into_owned())
    }

    /// Whether a header of this lower-case name may be stored.
    pub(crate) fn keeps(&self, header: &str) -> bool {
        !self.withheld.iter().any(|name| name == header)
    }
}
