//! What is generated must be what is committed, and the crates must point the way ARCHITECTURE.md draws them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use cargo_metadata::{DependencyKind, MetadataCommand};
use hookwheel_testkit::tools::workspace;

/// How to treat a difference.
#[derive(clap::Args)]
pub struct Args {
    /// Write the generated files instead of comparing them
    #[arg(long)]
    write: bool,
}

/// Which of our crates each may depend on, tests aside. `hookwheel`, `testkit`, `tests`, `fuzz` and `xtask` may use
/// everything.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("hookwheel-core", &[]),
    ("hookwheel-log", &[]),
    ("hookwheel-runtime", &[]),
    ("hookwheel-sources", &["hookwheel-core"]),
    ("hookwheel-proto", &["hookwheel-core", "hookwheel-log"]),
    ("hookwheel-limit", &["hookwheel-core", "hookwheel-log"]),
    ("hookwheel-store", &["hookwheel-core"]),
    ("hookwheel-agent", &["hookwheel-core"]),
    (
        "hookwheel-ingress",
        &[
            "hookwheel-core",
            "hookwheel-limit",
            "hookwheel-log",
            "hookwheel-proto",
            "hookwheel-runtime",
            "hookwheel-sources",
        ],
    ),
    (
        "hookwheel-normalizer",
        &["hookwheel-core", "hookwheel-log", "hookwheel-proto", "hookwheel-runtime", "hookwheel-sources"],
    ),
    (
        "hookwheel-agent-runner",
        &[
            "hookwheel-core",
            "hookwheel-limit",
            "hookwheel-log",
            "hookwheel-proto",
            "hookwheel-runtime",
            "hookwheel-agent",
        ],
    ),
    (
        "hookwheel-projector",
        &["hookwheel-core", "hookwheel-log", "hookwheel-proto", "hookwheel-runtime", "hookwheel-store"],
    ),
];

/// Crates of others that only some of ours may know.
const KEPT_TO: &[(&str, &[&str])] = &[
    ("async-nats", &["hookwheel-log"]),
    ("sqlx", &["hookwheel-log", "hookwheel-store"]),
    ("genai", &["hookwheel-agent"]),
    ("prost", &["hookwheel-proto"]),
    ("toml_edit", &["hookwheel-runtime"]),
    ("serde-saphyr", &["hookwheel-agent"]),
    ("ring", &["hookwheel-runtime"]),
];

/// Compares, or writes.
pub fn run(args: &Args) -> anyhow::Result<()> {
    directions()?;
    let metrics = workspace().join("docs/operating/metrics.md");
    let wanted = hookwheel_runtime::metrics::markdown();
    if args.write {
        std::fs::write(&metrics, wanted)?;
    } else {
        let found = std::fs::read_to_string(&metrics).with_context(|| metrics.display().to_string())?;
        ensure!(
            found == wanted,
            "{} is not what the metric table says; run `cargo xtask drift --write`",
            metrics.display()
        );
    }
    crate::proto::run(&crate::proto::Args { check: !args.write })
}

fn directions() -> anyhow::Result<()> {
    let uses = uses()?;
    let mut wrong = Vec::new();
    for (ours, allowed) in DIRECTIONS {
        let used = uses.get(*ours).with_context(|| format!("there is no crate {ours}"))?;
        let of_ours = used.iter().filter(|name| name.starts_with("hookwheel"));
        wrong
            .extend(of_ours.filter(|name| !allowed.contains(&name.as_str())).map(|name| format!("{ours} uses {name}")));
    }
    for (theirs, allowed) in KEPT_TO {
        let users = DIRECTIONS.iter().map(|(ours, _)| ours).filter(|ours| uses[**ours].contains(*theirs));
        wrong.extend(users.filter(|ours| !allowed.contains(ours)).map(|ours| format!("{ours} uses {theirs}")));
    }
    ensure!(wrong.is_empty(), "crates point the wrong way (see ARCHITECTURE.md, Folders):\n{}", wrong.join("\n"));
    Ok(())
}

/// What each of our crates depends on, tests aside.
fn uses() -> anyhow::Result<BTreeMap<String, BTreeSet<String>>> {
    let metadata =
        MetadataCommand::new().current_dir(workspace()).no_deps().other_options(vec!["--offline".into()]).exec()?;
    let normal = |package: &cargo_metadata::Package| {
        let used = package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
        used.map(|d| d.name.to_string()).collect()
    };
    Ok(metadata.packages.iter().map(|package| (package.name.to_string(), normal(package))).collect())
}
