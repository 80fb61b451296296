//! Prometheus and promtool, from Debian's package `prometheus`.

use std::process::Command;

use anyhow::ensure;
use hookwheel_testkit::tools::{PROMETHEUS, PROMTOOL};

use super::Setup;

/// The server that answers the dashboards' queries.
pub const SETUP: Setup =
    Setup { name: PROMETHEUS.name, find: || PROMTOOL.find().and(PROMETHEUS.find()).map_err(Into::into), install };

fn install() -> anyhow::Result<()> {
    let root = Command::new("id").arg("-u").output()?.stdout == b"0\n";
    ensure!(root, "only root can install it: `sudo apt-get install --no-install-recommends prometheus`");
    apt_get(&["update"])?;
    apt_get(&["install", "--yes", "--no-install-recommends", "prometheus"])
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let done =
        Command::new("apt-get").arg("--quiet").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status()?;
    ensure!(done.success(), "apt-get {} failed ({done})", arguments.join(" "));
    Ok(())
}
