//! The processes that are measured, as an operator starts them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use hookwheel_log::jetstream;
use hookwheel_proto::topology::{Keep, layout};
use hookwheel_testkit::nats::NatsServer;
use hookwheel_tests::process::{Process, binary, eventually, free_address};
use serde_json::Value;
use tempfile::TempDir;

/// The webhook's secret.
pub const SECRET: &str = "a-secret-of-the-benchmarks";
/// The webhook's path.
pub const PATH: &str = "/webhooks/pulls";

/// Two model turns, one tool call.
const SCRIPT: &str = "\
rules:
  - turn: 1
    text: writing it down
    calls:
      - tool: notes
        arguments: { text: a pull request was opened }
  - text: written down
";
const AGENT: &str = "\
---
description: writes deliveries down
model: canned
tools: [notes]
---
Write down what was delivered.
";
const READY: Duration = Duration::from_secs(60);

/// A process that is ready, with all it stands on.
pub struct System {
    /// Where deliveries are taken.
    pub intake: SocketAddr,
    api: SocketAddr,
    process: Process,
    _broker: Option<NatsServer>,
    _folder: TempDir,
}

impl System {
    /// `hookwheel up`: everything in one process.
    pub async fn up() -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("hookwheel-bench-")?;
        let [intake, api, admin] = [free_address()?, free_address()?, free_address()?];
        let server = format!("[server]\nintake = \"{intake}\"\napi = \"{api}\"\nadmin = \"{admin}\"\n");
        let config = configure(folder.path(), &server)?;
        let process =
            Process::new("up", binary("hookwheel")?, &["up", "--config", &config.display().to_string()], folder.path());
        Self { intake, api, process, _broker: None, _folder: folder }.ready(admin).await
    }

    /// `hookwheel-ingress` on a broker that syncs before it acknowledges.
    pub async fn ingress() -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("hookwheel-bench-")?;
        let broker = NatsServer::start().await?;
        jetstream::provision(&jetstream::Options::at(&broker.url()), &layout(Keep::default())).await?;
        apply(&configure(folder.path(), "")?, &broker)?;
        let [intake, admin] = [free_address()?, free_address()?];
        let mut process = Process::new("ingress", binary("hookwheel-ingress")?, &[], folder.path());
        process.env("HOOKWHEEL_NATS_URL", broker.url()).env("HOOKWHEEL_NATS_MONITOR_URL", broker.monitor_url());
        process.env("HOOKWHEEL_INGRESS_LISTEN", intake.to_string()).env("HOOKWHEEL_ADMIN_LISTEN", admin.to_string());
        Self { intake, api: intake, process, _broker: Some(broker), _folder: folder }.ready(admin).await
    }

    /// A JSON answer of the API; only [`System::up`] has one.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = reqwest::get(format!("http://{}{path}", self.api)).await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// The process.
    pub fn pid(&self) -> anyhow::Result<u32> {
        self.process.pid().context("the process is not running")
    }

    async fn ready(mut self, admin: SocketAddr) -> anyhow::Result<Self> {
        self.process.start(None)?;
        let ready = eventually("readiness", READY, async || {
            let answer = reqwest::get(format!("http://{admin}/readyz")).await?;
            if answer.status().is_success() { Ok(Some(())) } else { bail!("{}", answer.text().await?) }
        });
        ready.await.with_context(|| self.process.tail_of_log())?;
        Ok(self)
    }
}

/// Writes the configuration and what it names.
fn configure(folder: &Path, server: &str) -> anyhow::Result<PathBuf> {
    let (config, script, secret) = (folder.join("hookwheel.toml"), folder.join("script.yaml"), folder.join("secret"));
    std::fs::create_dir_all(folder.join("agents"))?;
    std::fs::write(folder.join("agents/writer.md"), AGENT)?;
    std::fs::write(&script, SCRIPT)?;
    std::fs::write(&secret, SECRET)?;
    let text = format!(
        r#"
data_dir = "data"
{server}
[limits]
per_webhook = 0
global = 0

[models.canned]
provider = "scripted"
model = "{script}"

[webhooks.pulls]
source = "github"
secrets = [{{ file = "{secret}" }}]

[[webhooks.pulls.routes]]
name = "write"
agent = "writer"
session = "per_delivery"
"#,
        script = script.display(),
        secret = secret.display(),
    );
    std::fs::write(&config, text)?;
    Ok(config)
}

fn apply(config: &Path, broker: &NatsServer) -> anyhow::Result<()> {
    let mut command = std::process::Command::new(binary("hookwheel")?);
    let output = command.args(["apply", "--config"]).arg(config).env("HOOKWHEEL_NATS_URL", broker.url()).output()?;
    ensure!(output.status.success(), "apply: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
