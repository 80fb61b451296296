//! Installs Debian packages, which takes root.

use std::process::Command;

use anyhow::ensure;

/// Whether we are root.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// Installs a package without its recommendations.
pub fn install(package: &str) -> anyhow::Result<()> {
    apt_get(&["update"])?;
    apt_get(&["install", "--yes", "--no-install-recommends", package])
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let done =
        Command::new("apt-get").arg("--quiet").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status()?;
    ensure!(done.success(), "apt-get {} failed ({done})", arguments.join(" "));
    Ok(())
}
