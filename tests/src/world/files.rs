//! The configuration a world runs on.

use std::path::{Path, PathBuf};

use super::Options;

/// The one webhook secret.
pub const SECRET: &str = "a-secret-of-the-whole-system-tests";

/// One countable effect, then the end.
pub const COUNTING_SCRIPT: &str = "\
rules:
  - turn: 1
    text: counting
    calls:
      - tool: countable
        arguments: { label: once }
  - text: counted
";

const AGENT: &str = "\
---
description: counts
model: canned
tools: [countable]
limits: { tool_timeout_s: 3 }
---
Call countable once.
";

/// Writes `hookwheel.toml`, the agent, the script and the secret.
pub fn write(folder: &Path, options: &Options) -> std::io::Result<()> {
    std::fs::create_dir_all(folder.join("agents"))?;
    std::fs::write(folder.join("secret"), SECRET)?;
    std::fs::write(folder.join("script.yaml"), &options.script)?;
    std::fs::write(folder.join("agents/worker.md"), AGENT)?;
    std::fs::write(config(folder), toml(folder, options))
}

fn toml(folder: &Path, options: &Options) -> String {
    format!(
        r#"
profile = "development"

[limits]
{limits}

[models.canned]
provider = "scripted"
model = "{script}"

[webhooks.issues]
source = "github"
secrets = [{{ file = "{secret}" }}]
deny_events = ["pull_request.closed"]

[[webhooks.issues.routes]]
name = "count"
agent = "worker"
session = "{session}"
"#,
        script = folder.join("script.yaml").display(),
        secret = folder.join("secret").display(),
        session = options.session,
        limits = options.limits,
    )
}

/// The configuration file.
pub fn config(folder: &Path) -> PathBuf {
    folder.join("hookwheel.toml")
}

/// Where the countable tool writes.
pub fn witness(folder: &Path) -> PathBuf {
    folder.join("witness")
}
