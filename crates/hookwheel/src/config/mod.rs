//! `hookwheel.toml` and `agents/*.md`: read together, checked together, every mistake reported at once.

mod agents;
mod auth;
mod catalogue;
mod file;
mod filter;
mod gate;
mod handshake;
mod models;
mod process;
mod sealing;
mod secret;
mod webhooks;
mod when;

pub use process::{Process, Profile, Server};
pub use sealing::Sealing;
pub use secret::{Opener, Unopened, read_secret};

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hookwheel_core::ids::{BadId, WebhookId, digest};
use hookwheel_core::snapshot::Snapshot;
use hookwheel_runtime::settings::Mistake;
use serde_json::json;

use crate::exit::Failure;
use crate::sealed::Sealed;

/// Which configuration file.
#[derive(Debug, Clone, clap::Args)]
pub struct ConfigArgs {
    /// The configuration file; paths in it are relative to its directory
    #[arg(long, short, env = "HOOKWHEEL_CONFIG", default_value = "hookwheel.toml", value_name = "PATH")]
    config: PathBuf,
    /// Whether `HOOKWHEEL_*` variables stay out of it.
    #[arg(skip)]
    alone: bool,
}

/// Everything that is configured, sound as a whole.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// Where and how the processes run.
    pub process: Process,
    /// Every webhook with its agents and models, by slug.
    pub snapshots: Vec<Snapshot>,
    /// The sealed secrets beside the configuration.
    pub sealed: Sealed,
    /// What works and still deserves a look.
    pub warnings: Vec<Mistake>,
}

/// The files do not give a configuration. Nothing of them is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", report(.0))]
pub struct Mistakes(pub Vec<Mistake>);

impl ConfigArgs {
    /// This file by itself, whatever the environment says.
    pub fn alone(path: impl Into<PathBuf>) -> Self {
        Self { config: path.into(), alone: true }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.config
    }

    /// Reads it and the agents beside it.
    pub fn read(&self) -> Result<Configuration, Mistakes> {
        file::load(&self.config, if self.alone { Vec::new() } else { file::variables() })
    }

    /// As [`Self::read`], for commands that end with the mistakes.
    pub fn load(&self) -> Result<Configuration, Failure> {
        self.read().map_err(Failure::from)
    }

    /// What changes when one of the files does: every file with its size and time of change.
    pub fn fingerprint(&self, configuration: &Configuration) -> Fingerprint {
        let agents = agents::files(&configuration.process.agents_dir);
        let files = [self.config.clone(), configuration.process.sealing.file.clone()];
        Fingerprint(files.into_iter().chain(agents).map(|path| (stamp(&path), path)).collect())
    }
}

/// Which files there are and when each was changed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(Vec<(Option<(u64, SystemTime)>, PathBuf)>);

fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.len(), file.modified().ok()?))
}

impl Mistakes {
    /// For programs.
    pub fn json(&self) -> Vec<serde_json::Value> {
        let json = |m: &Mistake| json!({ "file": m.file, "line": m.line, "column": m.column, "what": m.what, "remedy": m.remedy });
        self.0.iter().map(json).collect()
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Self::usage(mistakes.to_string())
    }
}

/// The public id of a webhook that writes none: a hash of its slug, so that reloading keeps it. Whoever knows the slug
/// can compute it; neither is a secret, the webhook's own secret is.
pub fn webhook_id(slug: &str) -> Result<WebhookId, BadId> {
    WebhookId::parse(format!("wh_{}", digest(&[b"webhook", slug.as_bytes()])))
}

/// How many, then each with its place and, on a line of its own, its remedy.
fn report(mistakes: &[Mistake]) -> String {
    let mut text = match mistakes.len() {
        1 => "1 mistake in the configuration".to_owned(),
        n => format!("{n} mistakes in the configuration"),
    };
    for mistake in mistakes {
        text.push_str(&format!("\n{}: {}\n    {}", place(mistake), mistake.what, mistake.remedy));
    }
    text
}

/// `file:line:column`, or just the file or variable where there is no line.
pub fn place(mistake: &Mistake) -> String {
    match mistake.line {
        0 => mistake.file.clone(),
        line => format!("{}:{line}:{}", mistake.file, mistake.column),
    }
}
