//! A webhook's live secrets: read or opened here and nowhere else, tried on every request, counted by state.

use std::path::Path;

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Proof;
use hookwheel_core::secret::{State, TENANT, Versions, WEBHOOK_SECRET};
use hookwheel_core::webhook::{SecretRef, Webhook};
use hookwheel_runtime::metrics::{SECRET_USED_TOTAL, SECRET_VERSION, SECRETS_UNAVAILABLE};
use hookwheel_runtime::seal::Binding;
use hookwheel_runtime::secret::{Secret, SecretError};
use hookwheel_sources::handshake::Tokens;
use hookwheel_sources::{Refusal, Request, Verifier};
use metrics::{Counter, counter, gauge};

use super::keys::{Keys, NotOpen};

/// Why a secret is not at hand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Place(#[from] SecretError),
    #[error("version {number} of its sealed secret cannot be opened: {cause}")]
    Sealed { number: u32, cause: NotOpen },
    #[error("it has no sealed secret; run `hookwheel secret generate {0}`, and `hookwheel apply` where that is used")]
    NothingSealed(String),
    #[error("the record of its sealed secret cannot be read; run `hookwheel apply`")]
    Malformed,
}

/// Why a request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unbelieved {
    /// The sender is wrong.
    Refused(Refusal),
    /// It may be right: a secret is not at hand.
    SecretsUnavailable,
}

/// The live secrets, ready for use.
pub(crate) struct Secrets {
    /// Holds those that are at hand, in the order of `usable`.
    pub(crate) verifier: Verifier,
    /// What a provider may name to subscribe us.
    pub(crate) tokens: Tokens,
    usable: Vec<Usable>,
    /// Why the others are not.
    pub(crate) unreadable: Vec<Unreadable>,
}

/// What is known about a secret beside its value.
struct Usable {
    /// Its place in the configuration.
    place: u32,
    expires: Option<Timestamp>,
    used: Counter,
}

/// Secrets as they are collected.
struct Found<'a> {
    webhook: &'a Webhook,
    now: Timestamp,
    secrets: Vec<Secret>,
    usable: Vec<Usable>,
    unreadable: Vec<Unreadable>,
}

impl Secrets {
    /// Reads what the webhook refers to. `sealed` is the value of its key in CONFIG, if there is one.
    pub(crate) fn read(webhook: &Webhook, sealed: Option<&[u8]>, keys: &mut Keys, now: Timestamp) -> Self {
        let mut found = Found { webhook, now, secrets: vec![], usable: vec![], unreadable: vec![] };
        for (place, reference) in (0..).zip(&webhook.secrets) {
            match reference {
                SecretRef::Env(name) => found.take(place, Secret::from_env(name)),
                SecretRef::File(path) => found.take(place, Secret::from_file(Path::new(path))),
                SecretRef::Sealed => found.open_all(place, sealed, keys),
            }
        }
        let token = found.token();
        let Found { secrets, usable, unreadable, .. } = found;
        #[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
        gauge!(SECRETS_UNAVAILABLE, "webhook" => webhook.slug.to_string()).set(unreadable.len() as f64);
        let exposed: Vec<_> = secrets.iter().map(Secret::expose).collect();
        let tokens = token.map_or_else(|| Tokens::new(&exposed), |token| Tokens::new(&[token.expose()]));
        Self { verifier: Verifier::new(&webhook.auth, &exposed), tokens, usable, unreadable }
    }

    /// Whether the sender knows a secret that is live at this time. Counts by which; a proof names its place in the
    /// configuration. Beside it stands which of the verifier's secrets it was.
    pub(crate) fn verify(&self, request: &Request<'_>, now: Timestamp) -> Result<(Proof, Option<u32>), Unbelieved> {
        let mut proof = self.verifier.verify(request, now).map_err(|refusal| self.blame(refusal))?;
        let Some(matched) = proof.secret else { return Ok((proof, None)) };
        let usable = usize::try_from(matched).ok().and_then(|n| self.usable.get(n));
        let live = usable.filter(|usable| usable.expires.is_none_or(|end| now < end));
        let live = live.ok_or_else(|| self.blame(Refusal::SignatureMismatch))?;
        live.used.increment(1);
        proof.secret = Some(live.place);
        Ok((proof, Some(matched)))
    }

    /// A sender whose secret is not at hand is not to be told that it is wrong.
    fn blame(&self, refusal: Refusal) -> Unbelieved {
        let may_be_ours = matches!(refusal, Refusal::SignatureMismatch | Refusal::SecretNotConfigured);
        if may_be_ours && !self.unreadable.is_empty() {
            return Unbelieved::SecretsUnavailable;
        }
        Unbelieved::Refused(refusal)
    }
}

/// Takes back what was said about a webhook that has gone.
pub(super) fn forget(slug: &str) {
    gauge!(SECRETS_UNAVAILABLE, "webhook" => slug.to_owned()).set(0);
    for state in [State::Current, State::Next, State::Previous] {
        gauge!(SECRET_VERSION, "webhook" => slug.to_owned(), "state" => state.as_str()).set(0);
    }
}

impl Found<'_> {
    fn take(&mut self, place: u32, secret: Result<Secret, SecretError>) {
        let state = if place == 0 { State::Current.as_str() } else { "other" };
        match secret {
            Ok(secret) => self.add(secret, place, None, state),
            Err(cause) => self.unreadable.push(cause.into()),
        }
    }

    /// The provider's token, where it has one of its own; the live secrets serve otherwise.
    fn token(&mut self) -> Option<Secret> {
        let token = match self.webhook.verify_token.as_ref()? {
            SecretRef::Env(name) => Secret::from_env(name),
            SecretRef::File(path) => Secret::from_file(Path::new(path)),
            SecretRef::Sealed => return None,
        };
        token.map_err(|cause| self.unreadable.push(cause.into())).ok()
    }

    fn open_all(&mut self, place: u32, record: Option<&[u8]>, keys: &mut Keys) {
        let versions = match record.map(serde_json::from_slice::<Versions>) {
            Some(Ok(versions)) => versions,
            Some(Err(_)) => return self.unreadable.push(Unreadable::Malformed),
            None => Versions::default(),
        };
        let live = versions.live(self.now);
        if live.is_empty() {
            self.unreadable.push(Unreadable::NothingSealed(self.webhook.slug.to_string()));
        }
        let owner = self.webhook.id.as_str();
        for version in &live {
            let number = version.number;
            let binding = Binding { tenant: TENANT, owner, field: WEBHOOK_SECRET, version: number };
            match keys.open(&version.sealed, &binding) {
                Ok(secret) => self.add(secret, place, version.expires, version.state.as_str()),
                Err(cause) => self.unreadable.push(Unreadable::Sealed { number, cause }),
            }
        }
        for state in [State::Current, State::Next, State::Previous] {
            let number = live.iter().find(|version| version.state == state).map_or(0, |version| version.number);
            let slug = self.webhook.slug.to_string();
            gauge!(SECRET_VERSION, "webhook" => slug, "state" => state.as_str()).set(number);
        }
    }

    fn add(&mut self, secret: Secret, place: u32, expires: Option<Timestamp>, state: &'static str) {
        let used = counter!(SECRET_USED_TOTAL, "webhook" => self.webhook.slug.to_string(), "state" => state);
        used.increment(0); // there from the start, so that the first one is an increase
        self.secrets.push(secret);
        self.usable.push(Usable { place, expires, used });
    }
}

#[cfg(test)]
mod tests {
    use hookwheel_core::secret::{New, Version};
    use hookwheel_runtime::seal::Keyring;
    use hookwheel_sources::Headers;

    use super::super::KeyOptions;
    use super::*;

    const KEY: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

    fn webhook() -> Webhook {
        serde_json::from_value(serde_json::json!({
            "id": "wh_0000000000000000", "slug": "w", "enabled": true, "source": "generic",
            "auth": { "mode": "bearer" }, "secrets": ["sealed"], "events": {}, "max_body": 1000,
            "entity_pointers": [], "delivery_key": null, "routes": [],
        }))
        .unwrap()
    }

    fn sealed(versions: &mut Versions, value: &str) -> New {
        let version = versions.number_for_new();
        let webhook = webhook();
        let binding = Binding { tenant: TENANT, owner: webhook.id.as_str(), field: WEBHOOK_SECRET, version };
        let sealed = Keyring::parse(KEY.as_bytes()).unwrap().seal(&Secret::new(value), &binding).unwrap();
        New { created: Timestamp::from_secs(100), fingerprint: String::new(), sealed }
    }

    #[test]
    fn an_end_counts_at_the_request_s_time_and_not_when_secrets_were_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, KEY).unwrap();
        let mut keys = Keys::new(&KeyOptions { secrets_key_file: Some(path), ..KeyOptions::default() });
        let mut versions = Versions::default();
        for value in ["old", "new"] {
            let new = sealed(&mut versions, value);
            versions.add_current(new, std::time::Duration::from_secs(50));
        }
        assert!(versions.versions.iter().any(|Version { expires, .. }| *expires == Some(Timestamp::from_secs(150))));
        let record = serde_json::to_vec(&versions).unwrap();
        let secrets = Secrets::read(&webhook(), Some(&record), &mut keys, Timestamp::from_secs(100));
        let judged = |token: &str, at: i64| {
            let headers = Headers(vec![("authorization".into(), format!("Bearer {token}").into_bytes())]);
            let request = Request { method: "POST", url: "", headers: &headers, body: b"{}" };
            secrets.verify(&request, Timestamp::from_secs(at)).map(|(proof, _)| proof.secret)
        };
        assert_eq!(judged("old", 149), Ok(Some(0)));
        assert_eq!(judged("old", 150), Err(Unbelieved::Refused(Refusal::SignatureMismatch)));
        assert_eq!(judged("new", 150), Ok(Some(0)));
        assert_eq!(judged("other", 100), Err(Unbelieved::Refused(Refusal::SignatureMismatch)));
    }
}
