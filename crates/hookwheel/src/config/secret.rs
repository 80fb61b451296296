//! Secrets by reference: where they are, never what they are.

use std::path::Path;

use hookwheel_core::Timestamp;
use hookwheel_core::webhook::{SecretRef, Webhook};
use hookwheel_runtime::seal::{KeyError, SealError};
use hookwheel_runtime::secret::{Secret, SecretError};
use hookwheel_runtime::settings::Table;

use super::Configuration;
use super::file::Notes;
use crate::sealed;

/// Why an operator's command cannot have a secret.
#[derive(Debug, thiserror::Error)]
pub enum Unopened {
    /// The variable or file is not there.
    #[error(transparent)]
    Place(#[from] SecretError),
    /// Nothing to open it with.
    #[error("a secret is sealed, and [secrets] names no master key")]
    NoKey,
    /// The master key cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nothing was sealed yet.
    #[error("no live version of its secret is in the file of sealed secrets")]
    NothingSealed,
    /// The seal does not open.
    #[error("version {0} of its sealed secret: {1}")]
    Seal(u32, SealError),
}

/// Reads the secret a reference points to. A sealed one is no place of its own: see [`Opener`].
pub fn read_secret(reference: &SecretRef) -> Result<Secret, Unopened> {
    match reference {
        SecretRef::Env(name) => Ok(Secret::from_env(name)?),
        SecretRef::File(path) => Ok(Secret::from_file(Path::new(path))?),
        SecretRef::Sealed => Err(Unopened::NoKey),
    }
}

/// Reads and opens the secrets of a configuration, for an operator who has the master key.
pub struct Opener<'a> {
    configuration: &'a Configuration,
    now: Timestamp,
}

impl<'a> Opener<'a> {
    /// Opens what is live at this time.
    pub fn new(configuration: &'a Configuration, now: Timestamp) -> Self {
        Self { configuration, now }
    }

    /// The live secrets of one reference of a webhook, in the order in which they are tried.
    pub fn open(&self, webhook: &Webhook, reference: &SecretRef) -> Result<Vec<Secret>, Unopened> {
        if *reference != SecretRef::Sealed {
            return Ok(vec![read_secret(reference)?]);
        }
        let versions = self.configuration.sealed.get(&webhook.id).ok_or(Unopened::NothingSealed)?;
        let live = versions.live(self.now);
        if live.is_empty() {
            return Err(Unopened::NothingSealed);
        }
        let keys = self.configuration.process.sealing.keys.as_ref().ok_or(Unopened::NoKey)?.read()?;
        let open = |number, sealed: &str| {
            keys.open(sealed, &sealed::binding(&webhook.id, number)).map_err(|cause| Unopened::Seal(number, cause))
        };
        live.iter().map(|version| open(version.number, &version.sealed)).collect()
    }
}

/// `key = { env = ".." }` or `{ file = ".." }`, if set. A literal is refused: a configuration is copied and shown.
pub(super) fn reference(table: &Table<'_>, key: &str, notes: &Notes) -> Option<SecretRef> {
    match table.kind(key)? {
        "string" => {
            let what = format!("`{key}` holds the secret itself");
            let remedy = format!(
                "keep it outside this file and write `{key} = {{ env = \"NAME\" }}` or `{key} = {{ file = \"PATH\" }}`"
            );
            table.mistake(key, what, remedy);
            None
        }
        _ => where_it_is(&table.opt_table(key)?, notes),
    }
}

/// `secret` and `secrets` of a webhook; one of them may be `{ sealed = true }`, which stands for all its live versions.
pub(super) fn of_webhook(table: &Table<'_>, notes: &Notes) -> Vec<SecretRef> {
    let mut found: Vec<SecretRef> = match table.kind("secret") {
        None | Some("string") => reference(table, "secret", notes).into_iter().collect(),
        Some(_) => table.opt_table("secret").iter().filter_map(|one| sealed_or_elsewhere(one, notes)).collect(),
    };
    for one in &table.tables("secrets") {
        let reference = sealed_or_elsewhere(one, notes);
        if reference == Some(SecretRef::Sealed) && found.contains(&SecretRef::Sealed) {
            one.mistake("sealed", "one `sealed` stands for all versions already", "leave this one out");
        }
        found.extend(reference);
    }
    found
}

fn sealed_or_elsewhere(table: &Table<'_>, notes: &Notes) -> Option<SecretRef> {
    if table.has("sealed") { sealed(table) } else { where_it_is(table, notes) }
}

fn sealed(table: &Table<'_>) -> Option<SecretRef> {
    if table.bool("sealed", true) && !table.has("env") && !table.has("file") {
        return Some(SecretRef::Sealed);
    }
    table.mistake("sealed", "a secret is in one place", "write `{ sealed = true }` and nothing else");
    None
}

fn where_it_is(table: &Table<'_>, notes: &Notes) -> Option<SecretRef> {
    let remedy = "write `{ env = \"NAME\" }` or `{ file = \"PATH\" }`";
    match (table.opt_str("env"), table.opt_path("file")) {
        (Some(name), None) if is_variable_name(&name) => Some(SecretRef::Env(name)),
        (Some(_), None) => {
            let what = "`env` should be the name of an environment variable";
            table.mistake("env", what, "write the variable's name (letters, digits, _), not its value");
            None
        }
        (None, Some(path)) => Some(SecretRef::File(notes.resolve(path).display().to_string())),
        (Some(_), Some(_)) => {
            table.mistake("file", "a secret is in one place, this names two", remedy);
            None
        }
        (None, None) => {
            table.mistake("env", "this does not say where the secret is", remedy);
            None
        }
    }
}

pub(super) fn is_variable_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
