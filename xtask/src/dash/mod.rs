//! The Grafana dashboards: written from one table of panels, held against the metric table, and proved on a live system.

mod check;
mod grafana;
mod panels;
mod prove;

use anyhow::{Context as _, ensure};
use hookwheel_testkit::tools::workspace;

pub use panels::{Dashboard, Panel, Query, overview};

/// Where a dashboard's JSON is kept.
const FOLDER: &str = "deploy/grafana";

/// What to do with the dashboards.
#[derive(clap::Args)]
pub struct Args {
    /// Write the JSON files instead of comparing them.
    #[arg(long)]
    write: bool,
    /// Only the checks that need no running system.
    #[arg(long)]
    offline: bool,
}

/// Runs the gate: drift, static checks, planted mistakes, and every query on a real Prometheus.
pub fn run(options: &Args) -> anyhow::Result<()> {
    let dashboards = [overview()];
    for dashboard in &dashboards {
        keep(dashboard, options.write)?;
        let mistakes = check::mistakes(dashboard);
        ensure!(mistakes.is_empty(), "{} has mistakes:\n{}", dashboard.uid, mistakes.join("\n"));
    }
    check::planted_mistakes_are_found(&dashboards[0])?;
    eprintln!(
        "dashboards: JSON is current, every expression parses and uses known metrics and labels, planted mistakes are found"
    );
    if !options.offline {
        prove::every_panel_answers(&dashboards)?;
    }
    Ok(())
}

fn keep(dashboard: &Dashboard, write: bool) -> anyhow::Result<()> {
    let path = workspace().join(FOLDER).join(format!("{}.json", dashboard.uid));
    let wanted = grafana::json(dashboard);
    if write {
        return std::fs::write(&path, wanted).with_context(|| path.display().to_string());
    }
    let found = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    ensure!(found == wanted, "{} is not what the panel table says; run `cargo xtask dash --write`", path.display());
    Ok(())
}
