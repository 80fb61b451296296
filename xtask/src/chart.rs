//! The chart's gate: rendered, linted, held against the Kubernetes schemas and against what our programs really read.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use hookwheel_testkit::tools::workspace;

use crate::setup;

/// What the chart's pods start, and how each is asked what it reads.
const PROGRAMS: &[&[&str]] = &[
    &["hookwheel-ingress"],
    &["hookwheel-normalizer"],
    &["hookwheel-agent-runner"],
    &["hookwheel-projector"],
    &["hookwheel", "migrate"],
    &["hookwheel", "provision"],
    &["hookwheel", "apply"],
];

/// Runs the gate with the chart's defaults and with the example values; needs the binaries, and builds them.
pub fn run() -> anyhow::Result<()> {
    setup::ensure(&["helm", "prometheus"])?;
    let root = workspace();
    let build =
        Command::new(env!("CARGO")).current_dir(&root).args(["build", "--quiet", "--workspace", "--bins"]).status()?;
    ensure!(build.success(), "the binaries do not build");
    let helps = root.join("target/chart");
    std::fs::create_dir_all(&helps)?;
    let mut check = Command::new("python3");
    check.current_dir(&root).env("PYTHONPATH", setup::helm::folder()).arg("deploy/tools/check_chart.py");
    check.args(["deploy/helm/hookwheel", "deploy/examples/values-production.yaml"]);
    for program in PROGRAMS {
        let file = helps.join(format!("{}.help", program.join("-")));
        std::fs::write(&file, help(&root, program)?)?;
        check.arg(format!("--help-of={}={}", program.join(" "), file.display()));
    }
    ensure!(check.status()?.success(), "the chart has mistakes");
    rules(&root)
}

fn help(root: &Path, program: &[&str]) -> anyhow::Result<Vec<u8>> {
    let output = Command::new(root.join("target/debug").join(program[0]))
        .args(&program[1..])
        .arg("--help")
        .output()
        .with_context(|| format!("{program:?} does not start"))?;
    ensure!(output.status.success(), "{program:?} --help failed");
    Ok(output.stdout)
}

fn rules(root: &Path) -> anyhow::Result<()> {
    let folder = root.join("deploy/prometheus/rules");
    let promtool = hookwheel_testkit::tools::PROMTOOL.find()?;
    for arguments in
        [&["check", "rules", "--lint=all", "recording.yml", "alerts.yml"][..], &["test", "rules", "rules_test.yml"]]
    {
        let done = Command::new(&promtool).current_dir(&folder).args(arguments).status()?;
        ensure!(done.success(), "promtool {} found mistakes", arguments.join(" "));
    }
    let alerts = std::fs::read_to_string(folder.join("alerts.yml"))?;
    for runbook in alerts.lines().filter_map(|line| line.trim().strip_prefix("runbook_url: ")) {
        ensure!(root.join(runbook).is_file(), "an alert names {runbook}, which does not exist");
    }
    Ok(())
}
