//! Where a process gets its master keys: a file, a variable, or a command's output.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::keyring::{BadKeys, Keyring};
use crate::secret::{Secret, SecretError};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// More output than this holds no keys.
const MOST_OUTPUT: u64 = 64 * 1024;

/// Where the master keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// The name of an environment variable.
    Env(String),
    /// A program and its arguments, run without a shell; its standard output is read.
    Command(Vec<String>),
}

/// The master keys could not be had. Says where from, never what.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file or the variable cannot be read.
    #[error("master key: {0}")]
    Unreadable(#[from] SecretError),
    /// The command did not give them.
    #[error("master key: command {program:?} {why}")]
    Command {
        /// What was run.
        program: String,
        /// How it ended.
        why: String,
    },
    /// What was read is not keys.
    #[error("master key from {from}: {bad}")]
    Bad {
        /// The file, the variable or the program.
        from: String,
        /// What is wrong with it.
        bad: BadKeys,
    },
}

impl KeySource {
    /// Reads the keys. Blocks: a command is waited for up to 15 s.
    pub fn read(&self) -> Result<Keyring, KeyError> {
        let text = match self {
            Self::File(path) => Secret::from_file(path)?,
            Self::Env(name) => Secret::from_env(name)?,
            Self::Command(words) => output(words)?,
        };
        Keyring::parse(text.expose()).map_err(|bad| KeyError::Bad { from: self.to_string(), bad })
    }
}

impl std::fmt::Display for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "variable {name}"),
            // Not its arguments: somebody may have put a password there.
            Self::Command(words) => write!(f, "command {:?}", words.first().map_or("", String::as_str)),
        }
    }
}

fn output(words: &[String]) -> Result<Secret, KeyError> {
    let failed = |why: String| {
        let program = words.first().cloned().unwrap_or_default();
        KeyError::Command { program, why }
    };
    let (program, arguments) = words.split_first().ok_or_else(|| failed("has no program".into()))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|cause| failed(format!("cannot be started: {cause}")))?;
    let (sender, read) = mpsc::channel();
    let stdout = child.stdout.take();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let outcome = stdout.map(|out| out.take(MOST_OUTPUT + 1).read_to_end(&mut bytes));
        let _ = sender.send((bytes, outcome));
    });
    let read = read.recv_timeout(PATIENCE);
    if read.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|cause| failed(format!("cannot be waited for: {cause}")))?;
    match read {
        Err(_) => Err(failed(format!("did not end within {} s", PATIENCE.as_secs()))),
        Ok((bytes, Some(Ok(_)))) if status.success() && bytes.len() as u64 <= MOST_OUTPUT => Ok(Secret::new(bytes)),
        Ok(_) if !status.success() => Err(failed(format!("ended with {status}"))),
        Ok(_) => Err(failed("said too much, or could not be read".into())),
    }
}
