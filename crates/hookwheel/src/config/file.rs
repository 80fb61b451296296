//! Reading the whole: the file, the agents beside it, and what they say about each other.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use hookwheel_core::agent::{Agent, Model};
use hookwheel_core::ids::AgentName;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::{SecretRef, Webhook};
use hookwheel_runtime::settings::{Mistake, Reader};

use super::process::Process;
use super::{Configuration, Mistakes, agents, catalogue, models, webhooks};
use crate::sealed;

/// What the readers share: where relative paths start, and what is odd but no mistake.
pub(super) struct Notes {
    /// The configuration file's directory, absolute.
    pub base: PathBuf,
    /// The configuration file as it was named.
    pub file: String,
    /// What works and still deserves a look.
    pub warnings: Vec<Mistake>,
}

impl Notes {
    /// A path of the file, relative to its directory.
    pub fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        self.base.join(path)
    }

    /// Something odd about the configuration as a whole.
    pub fn warn(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        self.warn_at(self.file.clone(), 0, what, remedy);
    }

    /// Something odd in a line.
    pub fn warn_at(&mut self, file: String, line: usize, what: impl Into<String>, remedy: impl Into<String>) {
        self.warnings.push(Mistake { file, line, column: 1, what: what.into(), remedy: remedy.into() });
    }
}

/// All that was read, each part sound by itself.
struct Parts {
    process: Process,
    agents: BTreeMap<AgentName, Agent>,
    models: BTreeMap<String, Model>,
    webhooks: Vec<Webhook>,
}

/// Reads and checks everything. `variables` stand above the file.
pub(super) fn load(path: &Path, variables: Vec<(String, String)>) -> Result<Configuration, Mistakes> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| cannot_read(&file, &cause))?;
    let reader = Reader::parse(&file, &text, variables).map_err(|mistake| Mistakes(vec![mistake]))?;
    let mut notes = Notes { base: directory(path), file, warnings: Vec::new() };
    let parts = read(&reader, &mut notes);
    match reader.finish(parts).map_err(Mistakes)? {
        Some(parts) => assemble(parts, notes),
        None => Err(cannot_read(&notes.file, &std::io::Error::other("a part of it was given up without a word"))),
    }
}

/// `None` has been reported to the reader.
fn read(reader: &Reader, notes: &mut Notes) -> Option<Parts> {
    let root = reader.root();
    let process = Process::read(&root, notes);
    let models = models::read(&root, process.profile, notes);
    let agents = agents::read(reader, &process.agents_dir, &models, notes);
    let webhooks = webhooks::read(&root, &agents, notes);
    Some(Parts { process, agents: agents.sound, models: models.sound, webhooks: webhooks? })
}

fn assemble(parts: Parts, mut notes: Notes) -> Result<Configuration, Mistakes> {
    if parts.webhooks.is_empty() {
        notes.warn("no webhook is configured", "add one: `[webhooks.<slug>]` with `source`, `secret` and `routes`");
    }
    for (what, remedy) in parts.webhooks.iter().flat_map(catalogue::strangers) {
        notes.warn(what, remedy);
    }
    let sealed = sealed::read(&parts.process.sealing.file).map_err(|error| {
        let remedy = "mend it, or take it from a copy; `hookwheel secret` writes it".to_owned();
        let file = parts.process.sealing.file.display().to_string();
        Mistakes(vec![Mistake { file, line: 0, column: 0, what: error.to_string(), remedy }])
    })?;
    for webhook in parts.webhooks.iter().filter(|webhook| webhook.secrets.contains(&SecretRef::Sealed)) {
        if sealed.get(&webhook.id).is_none_or(|versions| versions.versions.is_empty()) {
            notes.warn(
                format!("webhook {} has no sealed secret yet: its deliveries are answered 503", webhook.slug),
                format!("run `hookwheel secret generate {0}`, or `hookwheel secret set {0}`", webhook.slug),
            );
        }
    }
    let gathered: Result<Vec<_>, _> =
        parts.webhooks.into_iter().map(|webhook| Snapshot::gather(webhook, &parts.agents, &parts.models)).collect();
    let mut snapshots = gathered.map_err(|dangling| {
        let remedy = "define it, or name another".to_owned();
        Mistakes(vec![Mistake { file: notes.file.clone(), line: 1, column: 1, what: dangling.to_string(), remedy }])
    })?;
    snapshots.sort_by(|a, b| a.webhook.slug.cmp(&b.webhook.slug));
    Ok(Configuration { process: parts.process, snapshots, sealed, warnings: notes.warnings })
}

fn cannot_read(file: &str, cause: &std::io::Error) -> Mistakes {
    let what = format!("the file cannot be read: {cause}");
    let remedy = match cause.kind() {
        std::io::ErrorKind::NotFound => {
            "write one (docs/operating/configuration.md begins with eight lines), or name another with --config"
        }
        _ => "check its permissions and that it is UTF-8",
    };
    let remedy = remedy.to_owned();
    Mistakes(vec![Mistake { file: file.to_owned(), line: 0, column: 0, what, remedy }])
}

/// Absolute, so that a secret's path means the same to every process.
fn directory(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::path::absolute(parent).unwrap_or_else(|_| parent.to_path_buf())
}

/// The environment; a variable that is not text is not meant for us.
pub(super) fn variables() -> Vec<(String, String)> {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}
