//! Set-up: one file per tool, one line in [`TOOLS`].

mod apt;
pub mod helm;
mod nats;
mod pip;
mod postgres;
mod prometheus;

use std::path::PathBuf;

use anyhow::Context as _;

/// A tool that tests need.
pub struct Setup {
    /// What it is called.
    pub name: &'static str,
    /// Where it is, if it is there; the error says what was looked at.
    pub find: fn() -> anyhow::Result<PathBuf>,
    /// Puts it into `.tools/`.
    pub install: fn() -> anyhow::Result<()>,
}

/// Every tool. A new one is a file and a line.
const TOOLS: &[Setup] = &[nats::SETUP, postgres::SETUP, prometheus::SETUP, helm::SETUP];

/// What to set up.
#[derive(clap::Args)]
pub struct Args {
    /// Only these tools; all when none is named
    names: Vec<String>,
    /// Only say what is there and what is missing; fails when something is missing
    #[arg(long)]
    check: bool,
}

/// Finds every tool asked for and installs what is missing.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    for tool in chosen(&args.names)? {
        match (tool.find)() {
            Ok(path) => eprintln!("{}: {}", tool.name, path.display()),
            Err(why) if args.check => missing.push(format!("{why:#}")),
            Err(_) => eprintln!("{}: {}", tool.name, installed(tool)?.display()),
        }
    }
    anyhow::ensure!(missing.is_empty(), "{}", missing.join("\n"));
    Ok(())
}

/// Installs these tools where they are missing.
pub fn ensure(names: &[&str]) -> anyhow::Result<()> {
    run(&Args { names: names.iter().map(|&name| name.to_owned()).collect(), check: false })
}

fn chosen(names: &[String]) -> anyhow::Result<Vec<&'static Setup>> {
    if let Some(unknown) = names.iter().find(|name| TOOLS.iter().all(|tool| tool.name != **name)) {
        let known: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
        anyhow::bail!("no tool is called {unknown}; there are {}", known.join(", "));
    }
    Ok(TOOLS.iter().filter(|tool| names.is_empty() || names.iter().any(|name| name == tool.name)).collect())
}

fn installed(tool: &Setup) -> anyhow::Result<PathBuf> {
    eprintln!("{}: installing into .tools/", tool.name);
    (tool.install)().with_context(|| format!("could not install {}", tool.name))?;
    (tool.find)()
}
