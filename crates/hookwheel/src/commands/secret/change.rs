//! Everything that changes the file of sealed secrets.

use hookwheel_core::Timestamp;
use hookwheel_core::ids::WebhookId;
use hookwheel_core::secret::{New, Refused, State, Version};
use hookwheel_core::webhook::{SecretRef, Webhook};
use hookwheel_runtime::seal::{KeyError, Keyring, SealError};
use hookwheel_runtime::secret::Secret;

use super::{Add, Reseal, Revoke, Rotate, fresh, given};
use crate::commands::endpoint::named;
use crate::commands::now;
use crate::config::Configuration;
use crate::exit::{Exit, Failure};
use crate::output::{self, Paint};
use crate::sealed::{self, FileError, Sealed, binding};

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::failed(error.to_string())
    }
}

pub(super) fn generate(add: &Add) -> Result<(), Failure> {
    let configuration = add.config.load()?;
    let webhook = named(&add.config, &configuration, &add.webhook)?;
    let secret = fresh::generate(&add.webhook, &webhook.auth)?;
    let (number, state) = store(add, &configuration, webhook, &secret)?;
    output::print(String::from_utf8_lossy(secret.expose()));
    output::say(format!("this secret is shown once: version {number} of webhook {}, {}", add.webhook, state.as_str()));
    next_step(webhook, state);
    Ok(())
}

pub(super) fn set(add: &Add) -> Result<(), Failure> {
    let configuration = add.config.load()?;
    let webhook = named(&add.config, &configuration, &add.webhook)?;
    let secret = given::read(&webhook.auth)?;
    let (number, state) = store(add, &configuration, webhook, &secret)?;
    if let Some(odd) = given::oddity(&secret) {
        output::say(format!("{} {odd}", Paint::stderr().odd("warning:")));
    }
    output::say(format!("sealed: version {number} of webhook {}, {}", add.webhook, state.as_str()));
    next_step(webhook, state);
    Ok(())
}

pub(super) fn rotate(rotate: &Rotate) -> Result<(), Failure> {
    let configuration = rotate.config.load()?;
    let webhook = named(&rotate.config, &configuration, &rotate.webhook)?;
    let number = change(&configuration, |sealed| {
        let versions = sealed.entry(webhook.id.clone()).or_default();
        versions.rotate(now(), rotate.keep_previous).map_err(|refused| explain(refused, &rotate.webhook))
    })?;
    let keep = hookwheel_runtime::settings::units::show_duration(rotate.keep_previous);
    output::say(format!(
        "version {number} of webhook {} is current; the one before it is accepted for {keep}",
        rotate.webhook
    ));
    Ok(())
}

pub(super) fn revoke(revoke: &Revoke) -> Result<(), Failure> {
    let configuration = revoke.config.load()?;
    let webhook = named(&revoke.config, &configuration, &revoke.webhook)?;
    let (gone, left) = change(&configuration, |sealed| {
        let versions = sealed.entry(webhook.id.clone()).or_default();
        let gone = versions.revoke(revoke.version).map_err(|refused| explain(refused, &revoke.webhook))?;
        Ok((gone, versions.live(now()).len()))
    })?;
    let Version { number, state, .. } = gone;
    output::say(format!("version {number} of webhook {} is gone; it was {}", revoke.webhook, state.as_str()));
    if left == 0 {
        output::say(format!(
            "{} no live version is left: deliveries are answered 503",
            Paint::stderr().odd("warning:")
        ));
    }
    Ok(())
}

pub(super) fn reseal(reseal: &Reseal) -> Result<(), Failure> {
    let configuration = reseal.config.load()?;
    let keys = keys(&configuration)?;
    let again = |webhook: &WebhookId, version: &mut Version| -> Result<usize, Failure> {
        let sealed = keys.seal_again(&version.sealed, &binding(webhook, version.number));
        let sealed = sealed.map_err(|error| {
            let what = format!("version {} of {webhook}: {error}", version.number);
            Failure::failed(what).remedy("add the old master key below the new one, or revoke the version")
        })?;
        Ok(sealed.map(|sealed| version.sealed = sealed).map_or(0, |()| 1))
    };
    let count = change(&configuration, |sealed| {
        let all = sealed.iter_mut().flat_map(|(id, all)| all.versions.iter_mut().map(move |version| (id, version)));
        let counts: Result<Vec<usize>, Failure> = all.map(|(id, version)| again(id, version)).collect();
        Ok(counts?.iter().sum())
    })?;
    output::say(format!("{} sealed under the first master key", output::count(count, "version")));
    Ok(())
}

/// Seals a value and adds it. Numbers are part of the seal, so both happen under the file's lock.
fn store(
    add: &Add,
    configuration: &Configuration,
    webhook: &Webhook,
    secret: &Secret,
) -> Result<(u32, State), Failure> {
    let keys = keys(configuration)?;
    let fingerprint = keys.fingerprint(secret);
    change(configuration, |sealed| {
        let versions = sealed.entry(webhook.id.clone()).or_default();
        let created: Timestamp = now();
        versions.forget_expired(created);
        if let Some(same) = versions.versions.iter().find(|version| version.fingerprint == fingerprint) {
            return Err(Failure::usage(format!("version {} has this value already", same.number)));
        }
        let text = keys.seal(secret, &binding(&webhook.id, versions.number_for_new()))?;
        let new = New { created, fingerprint, sealed: text };
        let is_next = add.next || (!add.current && versions.in_state(State::Current).is_some());
        if is_next {
            let number = versions.add_next(new).map_err(|refused| explain(refused, &add.webhook))?;
            return Ok((number, State::Next));
        }
        Ok((versions.add_current(new, add.keep_previous), State::Current))
    })
}

fn change<T>(
    configuration: &Configuration,
    change: impl FnOnce(&mut Sealed) -> Result<T, Failure>,
) -> Result<T, Failure> {
    sealed::change(&configuration.process.sealing.file, change)
}

fn keys(configuration: &Configuration) -> Result<Keyring, Failure> {
    let source = configuration.process.sealing.keys.as_ref().ok_or_else(|| {
        Failure::usage("[secrets] names no master key").remedy(
            "make one with `(umask 077; openssl rand -base64 32 > master.key)` and write `key_file = \"master.key\"` under [secrets]",
        )
    })?;
    Ok(source.read()?)
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        Self::failed(format!("the secret was not sealed: {error}"))
    }
}

fn explain(refused: Refused, slug: &str) -> Failure {
    let remedy = match refused {
        Refused::NextExists(number) => {
            format!("end that first: `hookwheel secret rotate {slug}`, or `hookwheel secret revoke {slug} {number}`")
        }
        Refused::NoNext => {
            format!("make one: `hookwheel secret generate {slug}`; switch the sender to it; then rotate")
        }
        Refused::Unknown(_) => format!("`hookwheel secret list {slug}` shows them"),
    };
    let exit = if matches!(refused, Refused::Unknown(_)) { Exit::NotFound } else { Exit::Usage };
    Failure::new(exit, format!("webhook {slug}: {refused}")).remedy(remedy)
}

/// What the operator has to do before the new version matters.
fn next_step(webhook: &Webhook, state: State) {
    let slug = &webhook.slug;
    if !webhook.secrets.contains(&SecretRef::Sealed) {
        output::say(format!("write `secret = {{ sealed = true }}` under [webhooks.{slug}] for it to be used"));
    }
    output::say("a running `hookwheel up` takes it within some seconds; elsewhere run `hookwheel apply`");
    if state == State::Next {
        output::say(format!(
            "when every replica shows it in hookwheel_secret_version{{webhook=\"{slug}\",state=\"next\"}}, switch the \
             sender, then run `hookwheel secret rotate {slug}`"
        ));
    }
}
