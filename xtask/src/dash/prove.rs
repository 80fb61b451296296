//! Every panel's query, answered by a real Prometheus that scraped a running system.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use hookwheel_testkit::tools::{PROMETHEUS, workspace};
use hookwheel_tests::process::{eventually, free_address};
use hookwheel_tests::scenario::{Prepared, Sender};
use hookwheel_tests::world::{Kind, Options, Part, World};
use serde_json::Value;

use super::check::substituted;
use super::{Dashboard, Query};

const RATE_INTERVAL: &str = "10s";
const ROUNDS: u64 = 12;

/// Starts a system that meets every outcome, scrapes it, and asks every query.
pub fn every_panel_answers(dashboards: &[Dashboard]) -> anyhow::Result<()> {
    crate::setup::ensure(&["prometheus"])?;
    let build = ["build", "--quiet", "--package", "hookwheel", "--bins"];
    let built = Command::new(env!("CARGO")).current_dir(workspace()).args(build).status()?;
    ensure!(built.success(), "the binary does not build");
    tokio::runtime::Runtime::new()?.block_on(prove(dashboards))
}

async fn prove(dashboards: &[Dashboard]) -> anyhow::Result<()> {
    let world = World::start(Kind::Embedded, Options::default()).await?;
    let target = world.admin(Part::Up, "").context("no admin port")?;
    let prometheus = Prometheus::start(world.folder(), target.trim_start_matches("http://"))?;
    traffic(&world).await?;
    let mut asked = 0;
    for panel in dashboards.iter().flat_map(|d| d.rows.iter().flatten()) {
        for query in &panel.queries {
            asked += 1;
            let what = format!("an answer for panel {:?}: {}", panel.title, query.expr);
            eventually(&what, Duration::from_secs(15), || prometheus.answers(query)).await?;
        }
    }
    eprintln!("dashboards: {asked} queries are answered by a real Prometheus");
    Ok(())
}

/// A little of everything that a panel shows, once a second so that rates exist.
async fn traffic(world: &World) -> anyhow::Result<()> {
    let (sender, patience) = (Sender::new()?, Duration::from_secs(10));
    let urls = world.intakes();
    for round in 0..ROUNDS {
        let delivery = Prepared::opened(round, round)?;
        sender.deliver(&urls, &delivery, patience).await?;
        sender.deliver(&urls, &delivery, patience).await?;
        sender.deliver(&urls, &Prepared::denied(1_000 + round)?, patience).await?;
        let forged = reqwest::Client::new().post(&urls[0]).header("x-hub-signature-256", "sha256=00").body("{}");
        ensure!(forged.send().await?.status() == 401, "a forged request was not refused");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    world.settled(2 * ROUNDS, Duration::from_secs(30)).await
}

/// A Prometheus on a free loopback port; ended when dropped.
struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Prometheus {
    fn start(folder: &Path, target: &str) -> anyhow::Result<Self> {
        let config = folder.join("prometheus.yml");
        let scrape = format!("scrape_configs: [{{job_name: hookwheel, static_configs: [{{targets: ['{target}']}}]}}]");
        std::fs::write(&config, format!("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n{scrape}\n"))?;
        let address = free_address()?;
        let child = Command::new(PROMETHEUS.find()?)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("prometheus").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { child, address })
    }

    /// `Some` when the query gives at least one number and no NaN.
    async fn answers(&self, query: &Query) -> anyhow::Result<Option<()>> {
        let url = reqwest::Url::parse_with_params(
            &format!("http://{}/api/v1/query", self.address),
            [("query", substituted(&query.expr, RATE_INTERVAL))],
        )?;
        let answer: Value = reqwest::get(url).await?.json().await?;
        let series = answer["data"]["result"].as_array().with_context(|| format!("{answer}"))?;
        let numbers: Vec<&str> = series.iter().filter_map(|s| s["value"][1].as_str()).collect();
        if numbers.is_empty() || numbers.contains(&"NaN") {
            bail!("the answer is {numbers:?}");
        }
        Ok(Some(()))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
