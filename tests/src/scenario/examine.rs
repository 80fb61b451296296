//! Stops a settled world, reads everything it holds, and lets the checker look.

use std::collections::BTreeMap;

use anyhow::Context as _;
use hookwheel_log::{Log, SubjectFilter};
use hookwheel_proto::{Fact, decode, topology};
use hookwheel_store::sqlite::Sqlite;
use hookwheel_store::{Batch, Change, Store};

use crate::checker::{Breach, Tables, check};
use crate::history::History;
use crate::ledger::Ledger;
use crate::witness::Witness;
use crate::world::World;

const PAGE: usize = 500;

/// What was found.
pub struct Evidence {
    /// The whole log.
    pub history: History,
    /// Effects in the outside world.
    pub witness: Witness,
    /// Broken promises.
    pub breaches: Vec<Breach>,
}

/// Drains the processes, reads log, witness and tables, and checks every invariant.
pub async fn examine(world: &mut World, ledger: &Ledger) -> anyhow::Result<Evidence> {
    world.drain()?;
    let log = world.log().await.context("the log")?;
    let history = History::read(log.as_ref()).await?;
    let witness = Witness::read(&world.witness_file())?;
    let live = world.store().await.context("the tables")?;
    let mut checkpoints = BTreeMap::new();
    for stream in [topology::DELIVERIES, topology::EVENTS, topology::RUNS] {
        if let Some(at) = live.checkpoint(stream).await? {
            checkpoints.insert(stream.to_owned(), (at.incarnation, at.seq));
        }
    }
    let tables = Tables { live: live.fingerprint().await?, rebuilt: rebuilt(log.as_ref()).await?, checkpoints };
    let breaches = check(&history, ledger, &witness, &tables);
    Ok(Evidence { history, witness, breaches })
}

/// The digest of tables folded from zero into a fresh SQLite, whatever engine the world runs on.
async fn rebuilt(log: &dyn Log) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let store = Sqlite::open(&folder.path().join("rebuilt.db")).await?;
    store.migrate().await?;
    for stream in [topology::DELIVERIES, topology::EVENTS, topology::RUNS, topology::NOTICES] {
        fold(log, &store, stream).await.with_context(|| format!("folding {stream}"))?;
    }
    Ok(store.fingerprint().await?)
}

async fn fold(log: &dyn Log, store: &dyn Store, stream: &str) -> anyhow::Result<()> {
    let info = log.stream(stream).await?;
    let mut from = 1;
    loop {
        let page = log.read(stream, &SubjectFilter::All, from, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        let upto = last.seq;
        let changes = page.iter().filter_map(|record| Some((record.seq, change(decode(record).ok()?)?))).collect();
        let (stream, incarnation) = (stream.to_owned(), info.incarnation.clone());
        let batch = Batch { stream, incarnation, after: from - 1, changes, upto };
        store.apply(batch).await?;
        from = upto + 1;
    }
}

fn change(fact: Fact) -> Option<Change> {
    Some(match fact {
        Fact::DeliveryReceived(fact) => Change::Delivery(Box::new(fact)),
        Fact::DeliveryOutcome(fact) => Change::Outcome(Box::new(fact)),
        Fact::RunRequested(fact) => Change::Requested(Box::new(fact)),
        Fact::RunEntry(fact) => Change::Entry(Box::new(fact)),
        Fact::Notice(fact) => Change::Notice(Box::new(fact)),
        Fact::Wake(_) | Fact::Unknown { .. } => return None,
    })
}
