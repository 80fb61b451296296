//! The demo's own directory: a configuration, an agent, a fresh secret.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rand::RngExt as _;
use tempfile::TempDir;

use crate::commands::endpoint::Endpoint;
use crate::config;
use crate::exit::Failure;

/// The demo's webhook.
pub const SLUG: &str = "demo";

/// The first line of the demo's configuration: a file without it is somebody's own.
const MARK: &str = "# Written by `hookwheel demo`. SCRIPTED MODEL: canned answers, no AI.\n";

const CONFIG: &str = r#"
data_dir = "."

[server]
intake = "127.0.0.1:0"
api = "127.0.0.1:0"
admin = "127.0.0.1:0"

[models.default]
provider = "scripted"
model = "github-issue"

[webhooks.demo]
source = "github"
secret = { file = "webhook.secret" }
routes = [{ agent = "triager", events = ["issues.opened"] }]
"#;

const AGENT: &str = include_str!("../../../../deploy/examples/agents/triager.md");

/// What to write instead of the scripted model, each a `[models.default]` for `hookwheel.toml`.
pub const NEXT_STEPS: [(&str, &str); 3] = [
    (
        "Set an API key",
        "[models.default]\nprovider = \"anthropic\"\nmodel = \"the provider's name for it\"\napi_key = { env = \"ANTHROPIC_API_KEY\" }\n",
    ),
    (
        "Or point at anything that speaks OpenAI's chat completions",
        "[models.default]\nprovider = \"openai_compatible\"\nbase_url = \"http://127.0.0.1:8000/v1/\"\nmodel = \"the server's name for it\"\n",
    ),
    ("Or use Ollama", "[models.default]\nprovider = \"ollama\"\nmodel = \"the name you pulled\"\n"),
];

/// A directory with all that `hookwheel up` needs.
pub struct Workshop {
    dir: PathBuf,
    temporary: Option<TempDir>,
}

impl Workshop {
    /// Writes the files into this directory, or into a new one of its own.
    pub fn set_up(dir: Option<&Path>) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::failed(format!("cannot set up the demo's directory: {error}"));
        let workshop = match dir {
            Some(dir) => {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
                Self { dir: dir.to_path_buf(), temporary: None }
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("hookwheel-demo-").tempdir().map_err(failed)?;
                Self { dir: temporary.path().to_path_buf(), temporary: Some(temporary) }
            }
        };
        workshop.keep_what_is_not_ours()?;
        workshop.write().map_err(failed)?;
        Ok(workshop)
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.dir.join("hookwheel.toml")
    }

    /// What the `notes` tool writes to.
    pub fn notes(&self) -> PathBuf {
        self.dir.join("notes.md")
    }

    /// The demo's webhook with its secret.
    pub fn endpoint(&self) -> Result<Endpoint, Failure> {
        Endpoint::configured(&config::ConfigArgs::alone(self.config()), SLUG)
    }

    /// Removes a directory of its own.
    pub fn clear(self) {
        if let Some(temporary) = self.temporary {
            let _ = temporary.close();
        }
    }

    fn keep_what_is_not_ours(&self) -> Result<(), Failure> {
        match std::fs::read_to_string(self.config()) {
            Ok(text) if !text.starts_with(MARK) => {
                let message = format!("{} is not the demo's own configuration", self.config().display());
                Err(Failure::usage(message)
                    .remedy("name another directory with --data-dir; the demo writes its own files there"))
            }
            _ => Ok(()),
        }
    }

    fn write(&self) -> std::io::Result<()> {
        std::fs::create_dir_all(self.dir.join("agents"))?;
        std::fs::write(self.config(), format!("{MARK}{CONFIG}"))?;
        std::fs::write(self.dir.join("agents/triager.md"), AGENT)?;
        let secret: [u8; 32] = rand::rng().random();
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(self.dir.join("webhook.secret"))?;
        writeln!(file, "{}", hookwheel_core::ids::hex(&secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_is_not_the_demos_own_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("hookwheel.toml"), "# mine\n").unwrap();
        assert!(Workshop::set_up(Some(dir.path())).is_err());
        assert_eq!(std::fs::read_to_string(dir.path().join("hookwheel.toml")).unwrap(), "# mine\n");
        assert!(!dir.path().join("agents").exists());

        let own = Workshop::set_up(Some(&dir.path().join("new"))).unwrap();
        assert!(Workshop::set_up(Some(&own.dir)).is_ok(), "a second demo in its own directory");
    }

    #[test]
    fn every_next_step_is_a_sound_configuration() {
        for (title, model) in NEXT_STEPS {
            let workshop = Workshop::set_up(None).unwrap();
            let scripted = &CONFIG[CONFIG.find("[models.default]").unwrap()..CONFIG.find("[webhooks.").unwrap()];
            std::fs::write(workshop.config(), CONFIG.replace(scripted, model)).unwrap();
            let configuration = config::ConfigArgs::alone(workshop.config()).read();
            assert!(configuration.is_ok(), "{title}: {}", configuration.unwrap_err());
        }
    }
}
