//! How a command ends when it does not succeed: one sentence, the remedy if there is one, and the exit code.

use std::process::ExitCode;

use hookwheel_log::LogError;
use hookwheel_store::StoreError;

use crate::output::{self, Paint};

/// The exit codes. 0 is success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It was tried and did not work.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// What was asked for does not exist.
    NotFound = 3,
    /// Somebody said no: a signature, an API key, a policy.
    Refused = 4,
    /// Something that is needed cannot be reached or is not fit for use.
    Unavailable = 5,
}

/// Why a command did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the process exits with.
    pub exit: Exit,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Failure {
    /// A failure with this exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), remedy: None }
    }

    /// [`Exit::Failed`].
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// [`Exit::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// [`Exit::Unavailable`].
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unavailable, message)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Says it on stderr and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let paint = Paint::stderr();
        output::say(format!("{} {}", paint.bad("error:"), output::shown_block(&self.message)));
        if let Some(remedy) = &self.remedy {
            output::say(format!("{} {}", paint.bold("remedy:"), output::shown_block(remedy)));
        }
        ExitCode::from(self.exit as u8)
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let failure = match &error {
            LogError::TooLarge { .. } | LogError::Invalid { .. } => Self::failed(chain(&error)),
            _ => Self::unavailable(chain(&error)),
        };
        match error {
            LogError::Missing(_) => failure.remedy("run `hookwheel provision`, which creates what is missing"),
            _ => failure,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Invalid(_) => Self::failed(chain(&error)),
            _ => Self::unavailable(chain(&error)),
        }
    }
}

/// An error and its causes, each once: `a: b: c`.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text
}
