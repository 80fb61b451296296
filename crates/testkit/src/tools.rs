//! Finds the outside programs that tests need; `cargo xtask setup` puts the missing ones into `.tools/`.

use std::path::{Path, PathBuf};

/// A program that tests start.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// Its name, which is also its folder under `.tools/`.
    pub name: &'static str,
    /// The environment variable that names it outright.
    pub env: &'static str,
    /// The file names to look for on `PATH`; empty when `PATH` is not to be trusted.
    pub on_path: &'static [&'static str],
    /// Folders outside `PATH` where systems keep it.
    pub known_places: &'static [&'static str],
    /// Where it is inside its folder under `.tools/`.
    pub in_tools: &'static str,
    /// Whether a program found on `PATH` or in a known place will do; says why not.
    pub fits: fn(&Path) -> Result<(), String>,
}

/// A tool that is not there. Its text is the line that fixes it.
#[derive(Debug, thiserror::Error)]
#[error("{name} was not found ({tried}): run `cargo xtask setup`, or set {env} to its path")]
pub struct MissingTool {
    name: &'static str,
    env: &'static str,
    tried: String,
}

impl Tool {
    /// Looks in the environment variable, on `PATH`, in the known places, then in `.tools/`.
    pub fn find(&self) -> Result<PathBuf, MissingTool> {
        let missing = |tried| MissingTool { name: self.name, env: self.env, tried };
        if let Some(named) = std::env::var_os(self.env) {
            let named = PathBuf::from(named);
            return if named.is_file() {
                Ok(named)
            } else {
                Err(missing(format!("{} names {}, which is no file", self.env, named.display())))
            };
        }
        let mut refused = Vec::new();
        for candidate in self.elsewhere() {
            match (self.fits)(&candidate) {
                Ok(()) => return Ok(candidate),
                Err(why) => refused.push(format!("{}: {why}", candidate.display())),
            }
        }
        let ours = self.folder().join(self.in_tools);
        if ours.is_file() {
            return Ok(ours);
        }
        refused.push("not in .tools".into());
        Err(missing(refused.join("; ")))
    }

    /// The folder of this tool under `.tools/`.
    pub fn folder(&self) -> PathBuf {
        workspace().join(".tools").join(self.name)
    }

    fn elsewhere(&self) -> impl Iterator<Item = PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path: Vec<PathBuf> = std::env::split_paths(&path)
            .flat_map(|folder| self.on_path.iter().map(move |file| folder.join(file)))
            .collect();
        let known =
            self.known_places.iter().flat_map(|folder| self.on_path.iter().map(|file| Path::new(folder).join(file)));
        on_path.into_iter().chain(known).filter(|candidate| candidate.is_file())
    }
}

/// The workspace's root folder: the one we run in, as cargo arranges it, or else the one we were built in.
pub fn workspace() -> PathBuf {
    let is_root = |folder: &Path| folder.join("Cargo.lock").is_file() && folder.join("crates/testkit").is_dir();
    let here = std::env::current_dir().unwrap_or_default();
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().chain(built.ancestors()).find(|folder| is_root(folder));
    root.unwrap_or(built).to_path_buf()
}

/// The broker, new enough to promise an fsync before its acknowledgement.
pub const NATS_SERVER: Tool = Tool {
    name: "nats-server",
    env: "HOOKWHEEL_TEST_NATS_SERVER",
    on_path: &["nats-server"],
    known_places: &[],
    in_tools: "bin/nats-server",
    fits: |path| at_least(&version(path, "--version")?, [2, 14, 5]),
};

/// The server that the dashboards are proved on.
pub const PROMETHEUS: Tool = Tool {
    name: "prometheus",
    env: "HOOKWHEEL_TEST_PROMETHEUS",
    on_path: &["prometheus"],
    known_places: &["/usr/bin"],
    in_tools: "prometheus",
    fits: |_| Ok(()),
};

/// The checker of rules and of the text format.
pub const PROMTOOL: Tool = Tool {
    name: "promtool",
    env: "HOOKWHEEL_TEST_PROMTOOL",
    on_path: &["promtool"],
    known_places: &["/usr/bin"],
    in_tools: "promtool",
    fits: |_| Ok(()),
};

/// The first dotted version number a program prints.
pub fn version(program: &Path, flag: &str) -> Result<[u64; 3], String> {
    let output = std::process::Command::new(program).arg(flag).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split(|c: char| c != '.' && !c.is_ascii_digit())
        .find_map(parse_version)
        .ok_or_else(|| format!("no version in {:?}", text.trim()))
}

fn parse_version(word: &str) -> Option<[u64; 3]> {
    let mut parts = word.split('.').map(str::parse);
    let mut next = || parts.next()?.ok();
    let (major, minor) = (next()?, next()?);
    Some([major, minor, next().unwrap_or(0)])
}

/// Whether a version is not older than the least that will do.
pub fn at_least(found: &[u64; 3], least: [u64; 3]) -> Result<(), String> {
    let text = |v: &[u64; 3]| v.map(|n| n.to_string()).join(".");
    if *found >= least { Ok(()) } else { Err(format!("{} is older than {}", text(found), text(&least))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        let read = |text: &str| text.split(|c: char| c != '.' && !c.is_ascii_digit()).find_map(parse_version);
        assert_eq!(read("nats-server: v2.15.1"), Some([2, 15, 1]));
        assert_eq!(read("postgres (PostgreSQL) 15.14 (Debian 15.14-0)"), Some([15, 14, 0]));
        assert_eq!(read("no version here"), None);
    }

    #[test]
    fn an_old_program_does_not_fit() {
        assert!(at_least(&[2, 14, 5], [2, 14, 5]).is_ok());
        assert_eq!(at_least(&[2, 9, 10], [2, 14, 5]), Err("2.9.10 is older than 2.14.5".into()));
    }
}
