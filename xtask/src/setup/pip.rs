//! Installs one pinned PyPI package into a folder of its own, by hash.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

/// Where every PyPI package is pinned, from the workspace's root.
const PINS: &str = "deploy/tools/requirements.txt";

/// Installs the package pinned under this name, without its dependencies, into the folder. Needs `python3 -m pip`.
pub fn install(package: &str, folder: &Path) -> anyhow::Result<()> {
    let python = python()?;
    let pins = hookwheel_testkit::tools::workspace().join(PINS);
    let text = std::fs::read_to_string(&pins).with_context(|| format!("cannot read {}", pins.display()))?;
    let pin = pinned(&text, package).with_context(|| format!("{package} is not pinned in {PINS}"))?;
    std::fs::create_dir_all(folder)?;
    let list = folder.join("requirements.txt");
    std::fs::write(&list, pin)?;
    install_from(python, &list, folder).with_context(|| format!("pip could not install {package}"))
}

/// Installs every package of a list beside [`PINS`] that names all of them, by hash, into the folder.
pub fn install_list(file: &str, folder: &Path) -> anyhow::Result<()> {
    let list = hookwheel_testkit::tools::workspace().join("deploy/tools").join(file);
    install_from(python()?, &list, folder).with_context(|| format!("pip could not install {file}"))
}

fn install_from(python: &str, list: &Path, folder: &Path) -> anyhow::Result<()> {
    let done = Command::new(python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--root-user-action=ignore",
            "--no-deps",
            "--require-hashes",
        ])
        .args(["--only-binary=:all:", "--upgrade", "--target"])
        .arg(folder)
        .arg("--requirement")
        .arg(list)
        .status()?;
    ensure!(done.success(), "pip ended with {done}; it needs a package index it can reach");
    Ok(())
}

fn python() -> anyhow::Result<&'static str> {
    for python in ["python3", "python"] {
        let answer = Command::new(python).args(["-m", "pip", "--version"]).output();
        if answer.is_ok_and(|output| output.status.success()) {
            return Ok(python);
        }
    }
    bail!("`python3 -m pip` does not run: install Python 3 with pip (Debian: apt-get install python3-pip)")
}

/// The lines that pin one package: its own and the continued ones after it.
fn pinned(text: &str, package: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| line.split_once("==").is_none_or(|(name, _)| name != package));
    let mut pin = String::new();
    for line in &mut lines {
        pin.push_str(line);
        pin.push('\n');
        if !line.ends_with('\\') {
            return Some(pin);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::pinned;

    #[test]
    fn a_pin_is_the_package_s_own_lines() {
        let text = "# tools\na==1 \\\n    --hash=sha256:aa\nb-c==2 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n";
        assert_eq!(pinned(text, "a").unwrap(), "a==1 \\\n    --hash=sha256:aa\n");
        assert_eq!(pinned(text, "b-c").unwrap(), "b-c==2 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n");
        assert_eq!(pinned(text, "b"), None);
    }
}
