//! What is scraped: sound for promtool, only names of the metric table, and the seven public names with real values.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use hookwheel_runtime::metrics::{Kind as MetricKind, TABLE};
use hookwheel_testkit::tools::PROMTOOL;
use hookwheel_tests::process::eventually;
use hookwheel_tests::scenario::{Prepared, Sender};
use hookwheel_tests::world::{Kind, Options, Part, SECRET, World};

crate::in_both_worlds!(what_is_scraped_is_sound_and_says_what_happened);

async fn what_is_scraped_is_sound_and_says_what_happened(kind: Kind) -> anyhow::Result<()> {
    let world = World::start(kind, Options::default()).await?;
    let sender = Sender::new()?;
    let delivery = Prepared::opened(5, 5)?;
    for _ in 0..2 {
        sender.deliver(&world.intakes(), &delivery, Duration::from_secs(10)).await?;
    }
    sender.deliver(&world.intakes(), &Prepared::denied(6)?, Duration::from_secs(10)).await?;
    let forged = reqwest::Client::new().post(&world.intakes()[0]).header("x-hub-signature-256", "sha256=00");
    assert_eq!(forged.body("{}").send().await?.status(), 401);
    world.settled(2, Duration::from_secs(30)).await?;

    let parts: Vec<Part> = world.parts().into_iter().filter(|part| world.admin(*part, "/").is_some()).collect();
    let mut all = String::new();
    for part in parts {
        let url = world.admin(part, "/metrics").context("no admin port")?;
        let text = reqwest::get(url).await?.text().await?;
        promtool_accepts(&text).with_context(|| format!("metrics of {part:?}"))?;
        all += &text;
    }
    let unknown: Vec<&str> = all
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .filter(|name| !name.starts_with("process_") && !TABLE.iter().any(|metric| metric.name == *name))
        .collect();
    assert_eq!(unknown, Vec::<&str>::new(), "not in the metric table");
    for status in ["completed", "deduplicated", "filtered", "rejected"] {
        let wanted = format!("status=\"{status}\"");
        let counted = all.lines().any(|line| {
            line.starts_with("webhooks_deliveries_total{") && line.contains(&wanted) && !line.ends_with(" 0")
        });
        assert!(counted, "no delivery was counted as {status}");
    }
    for metric in TABLE.iter().filter(|metric| metric.name.starts_with("webhooks_")) {
        let series = if matches!(metric.kind, MetricKind::Histogram(_)) { "_count" } else { "" };
        let name = format!("{}{series}", metric.name);
        assert!(
            all.lines().any(|line| line.starts_with(&name)) || metric.name == "webhooks_rate_limited_total",
            "{name}"
        );
    }
    assert!(!all.contains(SECRET) && !world.logs().contains(SECRET), "the secret is in metrics or logs");
    eventually("an empty queue", Duration::from_secs(30), || async {
        let part = if kind == Kind::Cluster { Part::AgentRunner(0) } else { Part::Up };
        let text = reqwest::get(world.admin(part, "/metrics").context("no admin port")?).await?.text().await?;
        Ok(text.lines().any(|line| line == "webhooks_worker_queue_depth 0").then_some(()))
    })
    .await
}

fn promtool_accepts(text: &str) -> anyhow::Result<()> {
    let mut promtool = Command::new(PROMTOOL.find()?)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    promtool.stdin.take().context("no stdin")?.write_all(text.as_bytes())?;
    let output = promtool.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
