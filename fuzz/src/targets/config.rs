//! Configuration files: every text is a configuration or a list of mistakes, each with its place and its remedy.

use std::path::Path;

use hookwheel::config::{ConfigArgs, Mistakes, place};
use hookwheel_core::snapshot::Snapshot;
use tempfile::TempDir;

use crate::{Target, trace};

pub(super) const TARGET: Target = Target {
    name: "config",
    holds: "read or refused with places and remedies; what is read survives being stored",
    run,
    seeds,
    weight: 20,
};

/// Between the configuration and an agent's file.
const BETWEEN: &[u8] = b"\n%%% agent\n";

thread_local! {
    static FOLDER: TempDir = folder().expect("a temporary folder");
}

/// In memory where there is such a place, for each execution writes two files.
fn folder() -> std::io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }?;
    std::fs::create_dir(folder.path().join("agents"))?;
    Ok(folder)
}

fn run(input: &[u8]) -> u64 {
    let at = input.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    let (file, agent) = at.map_or((input, &b""[..]), |at| (&input[..at], &input[at + BETWEEN.len()..]));
    let read = FOLDER.with(|folder| {
        let path = folder.path().join("hookwheel.toml");
        std::fs::write(&path, file)?;
        std::fs::write(folder.path().join("agents/triager.md"), agent)?;
        std::io::Result::Ok(ConfigArgs::alone(path).read())
    });
    match read.expect("a temporary folder") {
        Ok(configuration) => {
            for snapshot in &configuration.snapshots {
                let again = Snapshot::from_bytes(&snapshot.to_bytes()).expect("a snapshot is read again");
                assert_eq!(&again, snapshot, "another snapshot after storing it");
            }
            trace(("sound", configuration.snapshots.len(), configuration.warnings.len()))
        }
        Err(mistakes) => {
            useful(&mistakes, file, agent);
            trace(mistakes.0.iter().take(3).map(|mistake| mistake.remedy.clone()).collect::<Vec<_>>())
        }
    }
}

fn useful(mistakes: &Mistakes, file: &[u8], agent: &[u8]) {
    assert!(!mistakes.0.is_empty(), "no configuration and no mistake");
    // To YAML a lone CR ends a line, too.
    let lines = |text: &[u8]| text.iter().filter(|b| matches!(b, b'\n' | b'\r')).count() + 1;
    let longest = lines(file).max(lines(agent));
    for mistake in &mistakes.0 {
        assert!(!mistake.what.is_empty() && !mistake.remedy.is_empty(), "{}", place(mistake));
        assert!(mistake.line <= longest, "line {} of {longest}: {}", mistake.line, mistake.what);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| std::fs::read(root.join(path)).unwrap_or_default();
    let agent = read("deploy/examples/agents/triager.md");
    let wrong = read("crates/hookwheel/tests/it/wrong/hookwheel.toml");
    let manual = String::from_utf8_lossy(&read("docs/operating/configuration.md")).into_owned();
    let blocks =
        manual.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).map(|t| t.as_bytes().to_vec());
    let files = [read("deploy/examples/hookwheel.toml"), wrong].into_iter().chain(blocks);
    files.map(|file| [&file, BETWEEN, &agent].concat()).collect()
}
