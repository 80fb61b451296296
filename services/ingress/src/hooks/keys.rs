//! The master keys of this process, read when the first sealed secret asks for them.

use std::path::PathBuf;

use clap::Args;
use hookwheel_runtime::seal::{Binding, KeyError, KeySource, Keyring, SealError};
use hookwheel_runtime::secret::Secret;

/// Where the master keys are that sealed secrets are opened with: one place, or none when no secret is sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[group(multiple = false)]
pub struct KeyOptions {
    /// File of the master keys that sealed secrets are opened with, one a line, 32 bytes each in base64 or hex
    #[arg(long, env = "HOOKWHEEL_SECRETS__KEY_FILE", value_name = "PATH")]
    pub secrets_key_file: Option<PathBuf>,
    /// Name of the environment variable that holds them
    #[arg(long, env = "HOOKWHEEL_SECRETS__KEY_ENV", value_name = "NAME")]
    pub secrets_key_env: Option<String>,
    /// Program that prints them, and its arguments, separated by commas; run without a shell
    #[arg(long, env = "HOOKWHEEL_SECRETS__KEY_COMMAND", value_name = "WORDS", value_delimiter = ',')]
    pub secrets_key_command: Vec<String>,
}

impl KeyOptions {
    fn source(&self) -> Option<KeySource> {
        let file = self.secrets_key_file.clone().map(KeySource::File);
        let env = || self.secrets_key_env.clone().map(KeySource::Env);
        let words = || self.secrets_key_command.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>();
        file.or_else(env).or_else(|| Some(words()).filter(|words| !words.is_empty()).map(KeySource::Command))
    }
}

impl From<KeySource> for KeyOptions {
    fn from(source: KeySource) -> Self {
        match source {
            KeySource::File(path) => Self { secrets_key_file: Some(path), ..Self::default() },
            KeySource::Env(name) => Self { secrets_key_env: Some(name), ..Self::default() },
            KeySource::Command(words) => Self { secrets_key_command: words, ..Self::default() },
        }
    }
}

/// Why a sealed secret is not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotOpen {
    #[error("no master key is configured; set `key_file`, `key_env` or `key_command` of [secrets]")]
    NoKey,
    #[error("the master key could not be read a moment ago")]
    NotRead,
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// The keys, kept once they were read. Keys that are unknown are looked for again, once a round.
pub(crate) struct Keys {
    source: Option<KeySource>,
    ring: Option<Keyring>,
    may_read: bool,
}

impl Keys {
    pub(crate) fn new(options: &KeyOptions) -> Self {
        Self { source: options.source(), ring: None, may_read: true }
    }

    /// A new round: the source may be asked again.
    pub(crate) fn begin_round(&mut self) {
        self.may_read = true;
    }

    /// Opens a secret, whose key may have come since the keys were read. Blocks while they are read.
    pub(crate) fn open(&mut self, sealed: &str, binding: &Binding<'_>) -> Result<Secret, NotOpen> {
        if let Some(ring) = &self.ring {
            match ring.open(sealed, binding) {
                Err(SealError::UnknownKey(_)) if self.may_read => {}
                outcome => return Ok(outcome?),
            }
        }
        let source = self.source.as_ref().ok_or(NotOpen::NoKey)?;
        if !std::mem::take(&mut self.may_read) {
            return Err(NotOpen::NotRead);
        }
        let ring = source.read()?;
        let opened = ring.open(sealed, binding);
        self.ring = Some(ring);
        Ok(opened?)
    }
}
