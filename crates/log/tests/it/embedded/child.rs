//! The log in a process of its own, which is this test binary once more, so that it can be killed with `SIGKILL`.

use std::io::BufRead as _;
use std::path::Path;
use std::process::Stdio;

use futures::StreamExt as _;
use hookwheel_log::conformance::layout_with;
use hookwheel_log::embedded::Embedded;
use hookwheel_log::{Append, Expect, Log as _, Lookup, Outcome, Subject};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use super::harness::options;

/// Where the child finds the file; without it, the child's test does nothing.
const PATH: &str = "HOOKWHEEL_TEST_LOG_CHILD";
/// Tells the child to look into streams by whole subjects.
const EXACT: &str = "HOOKWHEEL_TEST_LOG_EXACT";
const IN_FLIGHT: usize = 32;

/// Appends in a child, kills it after so many acknowledgements, and returns all that came through the pipe.
pub async fn append_and_kill(path: &Path, lookup: Lookup, records: &[Append], after: usize) -> Vec<(usize, Outcome)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .envs((lookup == Lookup::Exact).then_some((EXACT, "1")))
        .args(["--exact", "embedded::child::the_child_appends_until_it_is_killed", "--ignored", "--nocapture"])
        .env(PATH, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for record in records {
        assert_eq!(record.expect, Expect::Empty, "the pipe carries only one kind of record");
        let line = (record.subject.as_str(), &record.id, &record.headers, &record.payload[..]);
        input.write_all(format!("{}\n", serde_json::to_string(&line).unwrap()).as_bytes()).await.unwrap();
    }
    drop(input);

    let mut acknowledged = Vec::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        acknowledged.extend(parse(&line));
        if acknowledged.len() == after {
            child.start_kill().unwrap();
        }
    }
    let status = child.wait().await.unwrap();
    assert!(acknowledged.len() >= after, "the child ended by itself: {status}");
    acknowledged
}

fn parse(line: &str) -> Option<(usize, Outcome)> {
    let mut words = line.strip_prefix("stored ")?.split(' ');
    let mut number = || words.next()?.parse().ok();
    Some((usize::try_from(number()?).ok()?, Outcome::Stored(number()?)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other half of append_and_kill"]
async fn the_child_appends_until_it_is_killed() {
    let Ok(path) = std::env::var(PATH) else { return };
    let lookup = if std::env::var_os(EXACT).is_some() { Lookup::Exact } else { Lookup::Prefix };
    let log = Embedded::open_with(Path::new(&path), layout_with(lookup), options()).await.unwrap();
    let records = std::io::stdin().lock().lines().map(|line| {
        let (subject, id, headers, payload): (String, _, _, Vec<u8>) = serde_json::from_str(&line.unwrap()).unwrap();
        Append { subject: Subject::new(subject).unwrap(), id, headers, payload: payload.into(), expect: Expect::Empty }
    });
    let records: Vec<_> = records.collect();
    futures::stream::iter(records.into_iter().enumerate())
        .for_each_concurrent(IN_FLIGHT, async |(index, record)| {
            if let Ok(Outcome::Stored(seq)) = log.append(record).await {
                println!("stored {index} {seq}");
            }
        })
        .await;
    // Only a kill ends this: an orderly end would prove less.
    std::future::pending::<()>().await;
}
