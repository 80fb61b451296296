//! Helm as a library and the Kubernetes schemas, from PyPI, for the chart's gate.

use std::path::PathBuf;

use anyhow::ensure;

use super::{Setup, pip};

/// What `deploy/tools/check_chart.py` imports.
pub const SETUP: Setup =
    Setup { name: "helm", find, install: || pip::install_list("chart-requirements.txt", &folder()) };

/// The folder to put on `PYTHONPATH`.
pub fn folder() -> PathBuf {
    hookwheel_testkit::tools::workspace().join(".tools/helm")
}

fn find() -> anyhow::Result<PathBuf> {
    let there = ["helm_python", "kubernetes_validate", "yaml"].iter().all(|module| folder().join(module).is_dir());
    ensure!(there, "the chart's tools are not in .tools/helm: run `cargo xtask setup`");
    Ok(folder())
}
