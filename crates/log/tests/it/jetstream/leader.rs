//! Servers of a cluster are killed under load: nothing is lost, nothing is stored twice (T5, T6, T9).

use std::collections::BTreeMap;
use std::sync::Arc;

use hookwheel_log::conformance::Harness as _;
use hookwheel_log::{Append, Expect, Log, Outcome, Seq, Subject, SubjectFilter};
use tokio::sync::watch;

use super::READY_WITHIN;
use super::cluster::ThreeServers;

const WRITERS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_killed_one_after_the_other_lose_nothing() {
    let three = ThreeServers::start().await;
    let log = three.open().await;
    let (stop, stopped) = watch::channel(false);
    let writers: Vec<_> = (0..WRITERS).map(|n| tokio::spawn(write(log.clone(), n, stopped.clone()))).collect();
    for victim in 0..3 {
        three.kill9_and_restart(victim).await;
    }
    stop.send(true).unwrap();
    let mut told = BTreeMap::new();
    for writer in writers {
        told.extend(writer.await.unwrap());
    }

    assert!(told.len() >= WRITERS, "only {} records were acknowledged", told.len());
    let mut kept: BTreeMap<String, Seq> = BTreeMap::new();
    let mut from = 0;
    loop {
        let page = log.read("CASES", &SubjectFilter::All, from, 500).await.unwrap();
        let Some(last) = page.last() else { break };
        from = last.seq + 1;
        for record in page {
            assert_eq!(kept.insert(record.id.clone(), record.seq), None, "{} is there twice", record.id);
        }
    }
    assert_eq!(kept, told);
}

/// Appends single records and small batches, each until it is durable, and tells where they are.
async fn write(log: Arc<dyn Log>, writer: usize, stopped: watch::Receiver<bool>) -> BTreeMap<String, Seq> {
    let mut told = BTreeMap::new();
    for round in 0.. {
        if *stopped.borrow() {
            break;
        }
        let batch: Vec<Append> = (0..=writer).map(|n| record(&format!("w{writer}-{round}-{n}"))).collect();
        let ids: Vec<String> = batch.iter().map(|record| record.id.clone()).collect();
        let durable = async {
            loop {
                match log.append_batch(batch.clone()).await {
                    Ok(outcomes) if outcomes.iter().all(Result::is_ok) => return outcomes,
                    Ok(_) => {}
                    Err(error) => assert!(error.is_transient(), "{error}"),
                }
                tokio::task::yield_now().await;
            }
        };
        let outcomes = tokio::time::timeout(READY_WITHIN, durable).await.unwrap();
        for (id, outcome) in ids.into_iter().zip(outcomes) {
            let (Outcome::Stored(seq) | Outcome::AlreadyThere(seq) | Outcome::Conflict(seq)) = outcome.unwrap();
            told.insert(id, seq);
        }
    }
    told
}

fn record(id: &str) -> Append {
    Append {
        subject: Subject::new(format!("case.leader.{id}")).unwrap(),
        id: id.into(),
        headers: Vec::new(),
        payload: id.to_owned().into(),
        expect: Expect::Empty,
    }
}
