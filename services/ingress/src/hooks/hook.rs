//! One webhook, ready for use: its secrets read, its profile found, its counters at hand.

use std::path::Path;

use hookwheel_core::SnapshotHash;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::{SecretRef, Webhook};
use hookwheel_runtime::secret::{Secret, SecretError};
use hookwheel_sources::{Source, Verifier};

use crate::meters::HookMeters;

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
    /// Holds the secrets that could be read, ready for use.
    pub(crate) verifier: Verifier,
    /// Their places in the configuration.
    places: Vec<usize>,
    /// Why the others could not be; their senders are not to be told that they are wrong.
    pub(crate) unreadable: Vec<SecretError>,
    /// Headers that are not stored, lower-case.
    withheld: Vec<String>,
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
    /// Reads the value of a CONFIG key, and the secrets it refers to.
    pub(crate) fn read(value: &[u8]) -> Result<Self, Unusable> {
        let Snapshot { webhook, .. } = Snapshot::from_bytes(value)?;
        let source = hookwheel_sources::source(&webhook.source)
            .ok_or_else(|| Unusable::UnknownSource(webhook.source.chars().take(64).collect()))?;
        if !hookwheel_sources::knows(&webhook.auth) {
            return Err(Unusable::UnknownAuth);
        }
        let (mut secrets, mut places, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
        for (n, place) in webhook.secrets.iter().enumerate() {
            match read_secret(place) {
                Ok(secret) => {
                    secrets.push(secret);
                    places.push(n);
                }
                Err(cause) => unreadable.push(cause),
            }
        }
        let exposed: Vec<_> = secrets.iter().map(Secret::expose).collect();
        let verifier = Verifier::new(&webhook.auth, &exposed);
        let withheld = hookwheel_sources::proof_headers(&webhook.auth)
            .into_iter()
            .chain(source.credential_headers().iter().chain(CREDENTIALS).map(|name| (*name).to_owned()))
            .collect();
        let meters = HookMeters::new(webhook.slug.as_str(), source.name());
        let snapshot = SnapshotHash::of(value);
        Ok(Self { webhook, snapshot, source, verifier, places, unreadable, withheld, meters })
    }

    /// The place in the configuration of the n-th secret that could be read.
    pub(crate) fn configured_place(&self, n: u32) -> u32 {
        let place = usize::try_from(n).ok().and_then(|n| self.places.get(n));
        place.and_then(|place| u32::try_from(*place).ok()).unwrap_or(n)
    }

    /// Whether a header of this lower-case name may be stored.
    pub(crate) fn keeps(&self, header: &str) -> bool {
        !self.withheld.iter().any(|name| name == header)
    }
}

fn read_secret(place: &SecretRef) -> Result<Secret, SecretError> {
    match place {
        SecretRef::Env(name) => Secret::from_env(name),
        SecretRef::File(path) => Secret::from_file(Path::new(path)),
    }
}
