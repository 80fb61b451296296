//! Stops a settled world, reads everything it holds, and lets the checker look.

use std::collections::BTreeMap;

use anyhow::Context as _;
use hookwheel_log::Log;
use hookwheel_proto::topology;
use hookwheel_store::Store;
use hookwheel_store::sqlite::Sqlite;

use crate::checker::{Breach, Tables, check};
use crate::history::History;
use crate::ledger::Ledger;
use crate::witness::Witness;
use crate::world::World;

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
    hookwheel_projector::fold_whole_log(log, &store).await?;
    Ok(store.fingerprint().await?)
}
