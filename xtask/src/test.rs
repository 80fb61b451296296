//! Everything, from nothing: installs what is missing, builds once, runs every test, counts.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use hookwheel_testkit::tools::workspace;

use crate::setup;

/// What to run.
#[derive(clap::Args)]
pub struct Args {
    /// Only tests whose name contains this
    filter: Option<String>,
    /// Only this package
    #[arg(long, short)]
    package: Option<String>,
    /// The long fault profile: at least 200 kills over 20,000 deliveries
    #[arg(long)]
    long: bool,
}

/// Runs every test and ends with one line: `N passed, N failed`.
pub fn run(args: &Args) -> anyhow::Result<()> {
    setup::ensure(&[])?;
    let root = workspace();
    // The whole-system tests start these as processes.
    let build = Command::new(env!("CARGO")).current_dir(&root).args(["build", "--workspace", "--bins"]).status()?;
    ensure!(build.success(), "the binaries do not build");

    let mut tests = Command::new(env!("CARGO"));
    tests.current_dir(&root).args(["test", "--no-fail-fast"]).stdout(Stdio::piped());
    match &args.package {
        Some(package) => tests.args(["--package", package]),
        None => tests.arg("--workspace"),
    };
    tests.args(args.filter.as_deref());
    if args.long {
        tests.env("HOOKWHEEL_TEST_PROFILE", "long");
    }
    let mut child = tests.spawn()?;
    let mut sum = Sum::default();
    for line in BufReader::new(child.stdout.take().context("no output")?).lines() {
        let line = line?;
        sum.take(&line);
        say(&line);
    }
    let status = child.wait()?;
    say(&format!("{} passed, {} failed", sum.passed, sum.failed));
    ensure!(sum.passed > 0, "no test ran");
    ensure!(status.success(), "cargo test ended with {status}");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the tests' own output, passed on")]
fn say(line: &str) {
    println!("{line}");
}

#[derive(Default)]
struct Sum {
    passed: u64,
    failed: u64,
}

impl Sum {
    /// Adds up lines such as `test result: ok. 12 passed; 0 failed; 0 ignored; ...`.
    fn take(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        let words: Vec<&str> = counts.split_whitespace().collect();
        for pair in words.windows(2) {
            let number = pair[0].parse().unwrap_or(0);
            match pair[1] {
                "passed;" => self.passed += number,
                "failed;" => self.failed += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn results_of_several_binaries_add_up() {
        let mut sum = Sum::default();
        sum.take("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        sum.take("test a::b ... ok");
        sum.take("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        assert_eq!((sum.passed, sum.failed), (15, 2));
    }
}
