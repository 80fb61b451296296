//! A whole hookwheel that a test can send to, kill part by part, start again, and examine afterwards.

mod cluster;
mod embedded;
mod files;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hookwheel_log::Log;
use hookwheel_store::Store;
use hookwheel_testkit::nats::NatsServer;
use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Process, eventually};

pub use files::{COUNTING_SCRIPT, SECRET};

/// Which back ends, and so how many processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `hookwheel up`: one process, SQLite.
    Embedded,
    /// One process per service, JetStream, Postgres.
    Cluster,
}

/// A part that can be killed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// All services in one process.
    Up,
    /// The nth ingress.
    Ingress(u8),
    /// The normalizer.
    Normalizer,
    /// The nth agent-runner.
    AgentRunner(u8),
    /// The projector.
    Projector,
    /// The broker.
    Broker,
}

/// What a test wants to differ from the usual.
#[derive(Debug, Clone)]
pub struct Options {
    /// Ingress replicas, in a cluster.
    pub ingresses: u8,
    /// Agent-runner replicas, in a cluster.
    pub runners: u8,
    /// The scripted model's script.
    pub script: String,
    /// Where traces go.
    pub otlp: Option<String>,
    /// `session` of the one route.
    pub session: &'static str,
    /// Lines of `[limits]`.
    pub limits: &'static str,
}

const NO_LIMITS: &str = "per_webhook = 0\nglobal = 0";

impl Default for Options {
    fn default() -> Self {
        Self {
            ingresses: 1,
            runners: 1,
            script: COUNTING_SCRIPT.into(),
            otlp: None,
            session: "per_entity",
            limits: NO_LIMITS,
        }
    }
}

/// A running system in a folder of its own; gone when dropped.
pub struct World {
    /// Its kind.
    pub kind: Kind,
    folder: TempDir,
    parts: BTreeMap<Part, Process>,
    intakes: Vec<SocketAddr>,
    api: SocketAddr,
    admins: BTreeMap<Part, SocketAddr>,
    broker: Option<NatsServer>,
    database: Option<String>,
}

/// How soon a record comes back after its holder died; short, so that tests are.
const ACK_WAIT: Duration = Duration::from_secs(2);
const READY: Duration = Duration::from_secs(60);
const DRAIN: Duration = Duration::from_secs(40);

impl World {
    /// Starts one and waits until every part is ready.
    pub async fn start(kind: Kind, options: Options) -> anyhow::Result<Self> {
        crate::process::choose_tls();
        let folder = tempfile::tempdir()?;
        files::write(folder.path(), &options)?;
        let mut world = match kind {
            Kind::Embedded => embedded::describe(folder, &options)?,
            Kind::Cluster => cluster::describe(folder, &options).await?,
        };
        world.start_all()?;
        world.ready().await?;
        Ok(world)
    }

    /// Where to post to: every ingress.
    pub fn intakes(&self) -> Vec<String> {
        self.intakes.iter().map(|address| format!("http://{address}/webhooks/issues")).collect()
    }

    /// The API's address.
    pub fn api(&self, path: &str) -> String {
        format!("http://{}{path}", self.api)
    }

    /// The admin port of a part.
    pub fn admin(&self, part: Part, path: &str) -> Option<String> {
        self.admins.get(&part).map(|address| format!("http://{address}{path}"))
    }

    /// Every part that can be killed.
    pub fn parts(&self) -> Vec<Part> {
        self.parts.keys().copied().chain(self.broker.is_some().then_some(Part::Broker)).collect()
    }

    /// The process of a part.
    pub fn process(&mut self, part: Part) -> anyhow::Result<&mut Process> {
        self.parts.get_mut(&part).with_context(|| format!("this world has no {part:?}"))
    }

    /// Kills a part as `kill -9` does. Says whether it was alive.
    pub fn kill9(&mut self, part: Part) -> anyhow::Result<bool> {
        if part == Part::Broker {
            self.broker.as_mut().context("no broker")?.kill9()?;
            return Ok(true);
        }
        Ok(self.process(part)?.kill9())
    }

    /// Starts a part that is not running.
    pub async fn restart(&mut self, part: Part) -> anyhow::Result<()> {
        self.restart_to_die(part, None).await
    }

    /// Starts a part that will kill itself at a place.
    pub async fn restart_to_die(&mut self, part: Part, failpoint: Option<&str>) -> anyhow::Result<()> {
        if part == Part::Broker {
            return self.broker.as_mut().context("no broker")?.restart().await;
        }
        self.process(part)?.start(failpoint)
    }

    /// Starts whatever is not running.
    pub fn start_all(&mut self) -> anyhow::Result<()> {
        self.parts.values_mut().try_for_each(|process| process.start(None))
    }

    /// Sends a signal to a part.
    pub fn signal(&mut self, part: Part, signal: Signal) -> anyhow::Result<()> {
        self.process(part)?.signal(signal)
    }

    /// Waits until every part says that it is ready.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        for (part, address) in self.admins.clone() {
            let url = format!("http://{address}/readyz");
            let what = format!("readiness of {part:?}");
            let process = self.process(part)?;
            let ready = eventually(&what, READY, || {
                let alive = process.is_running();
                let url = url.clone();
                async move {
                    if !alive {
                        return Ok(Some(false));
                    }
                    let answer = reqwest::get(&url).await?;
                    if !answer.status().is_success() {
                        bail!("{}", answer.text().await?);
                    }
                    Ok(Some(true))
                }
            });
            match ready.await {
                Ok(true) => {}
                Ok(false) => bail!("{part:?} has ended by itself\n{}", process.tail_of_log()),
                Err(why) => bail!("{why:#}\n{}", process.tail_of_log()),
            }
        }
        Ok(())
    }

    /// A JSON answer of the API.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = reqwest::get(self.api(path)).await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// How many deliveries the API counts under a filter, such as `state=completed`.
    pub async fn count(&self, what: &str, filter: &str) -> anyhow::Result<u64> {
        let page = self.get(&format!("/api/v1/{what}?limit=1&{filter}")).await?;
        page["total"].as_u64().with_context(|| format!("no total in {page}"))
    }

    /// How many deliveries the tables hold; a page's total is counted to 10,001 only.
    async fn received(&self) -> anyhow::Result<u64> {
        let webhooks = self.get("/api/v1/webhooks").await?;
        webhooks["items"][0]["deliveries"].as_u64().with_context(|| format!("no count in {webhooks}"))
    }

    /// Waits until so many deliveries are in a terminal state and none is on its way.
    pub async fn settled(&self, deliveries: u64, within: Duration) -> anyhow::Result<()> {
        eventually(&format!("the end of {deliveries} deliveries"), within, || async {
            // First, so that a delivery that appears meanwhile is not overlooked below.
            let all = self.received().await?;
            let mut under_way = 0;
            for state in ["received", "queued", "processing"] {
                under_way += self.count("deliveries", &format!("state={state}")).await?;
            }
            if under_way == 0 && all >= deliveries {
                return Ok(Some(()));
            }
            bail!("{all} deliveries, {under_way} under way")
        })
        .await
    }

    /// Drains every process; the broker and the database stay.
    pub fn drain(&mut self) -> anyhow::Result<()> {
        self.parts.values_mut().try_for_each(|process| process.stop(DRAIN).map(drop))
    }

    /// The log, for reading; in an embedded world only after [`Self::drain`].
    pub async fn log(&self) -> anyhow::Result<Arc<dyn Log>> {
        match self.kind {
            Kind::Embedded => embedded::log(self.folder.path()).await,
            Kind::Cluster => cluster::log(self.broker.as_ref().context("no broker")?).await,
        }
    }

    /// The tables, for reading.
    pub async fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        match &self.database {
            None => embedded::store(self.folder.path()).await,
            Some(database) => cluster::store(database).await,
        }
    }

    /// The file in which the countable tool writes what it did.
    pub fn witness_file(&self) -> std::path::PathBuf {
        files::witness(self.folder.path())
    }

    /// The folder of everything: configuration, data, logs.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The end of every part's log, for a failing test.
    pub fn logs(&self) -> String {
        self.parts.iter().map(|(part, process)| format!("--- {part:?}\n{}\n", process.tail_of_log())).collect()
    }
}

/// What every process of a world is told.
fn common_environment(process: &mut Process, folder: &std::path::Path, options: &Options) {
    process.env("HOOKWHEEL_TEST_TOOLS", files::witness(folder).display().to_string());
    process.env("HOOKWHEEL_AGENT_RUNNER_LEASE_S", "3").env("HOOKWHEEL_AGENT_RUNNER_ACK_WAIT_S", "2");
    process
        .env("HOOKWHEEL_NORMALIZER_LEASE_S", "1")
        .env("HOOKWHEEL_AGENT_RUNNER_DATA_DIR", folder.display().to_string());
    if let Some(endpoint) = &options.otlp {
        process.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    }
}
