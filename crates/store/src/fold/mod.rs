//! What facts do to rows. Pure: the rows a batch touches come in, the rows it leaves go out.
//!
//! Facts of different streams come in any interleaving, so each kind of fact owns its columns, rows may begin with any
//! of them, and what depends on several is derived at the end by [`Work::settle`] from the rows alone.

mod delivery;
mod run;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use hookwheel_core::DeliveryId;
use hookwheel_core::journal::What;

use crate::port::Change;
use crate::record::{DeliveryRecord, EventRecord, NoticeRecord, RequestRecord, RunRecord, Standing, StepRecord};

/// Rows by key, and which of them differ from what was loaded.
#[derive(Debug)]
pub(crate) struct Rows<K, R> {
    loaded: BTreeMap<K, R>,
    now: BTreeMap<K, R>,
}

impl<K: Ord + Clone, R: Clone + PartialEq> Rows<K, R> {
    fn new(rows: Vec<R>, key: impl Fn(&R) -> K) -> Self {
        let loaded: BTreeMap<K, R> = rows.into_iter().map(|row| (key(&row), row)).collect();
        Self { now: loaded.clone(), loaded }
    }

    /// Every key.
    pub(crate) fn keys(&self) -> Vec<K> {
        self.now.keys().cloned().collect()
    }

    /// Rows to write.
    pub(crate) fn changed(&self) -> Vec<&R> {
        self.now.iter().filter(|(key, row)| self.loaded.get(*key) != Some(*row)).map(|(_, row)| row).collect()
    }
}

/// Keys of the rows that a batch may touch.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    pub(crate) deliveries: BTreeSet<String>,
    pub(crate) runs: BTreeSet<String>,
    pub(crate) steps: BTreeSet<(String, String)>,
}

impl Touched {
    /// By these facts. The deliveries of runs that are known already are to be added from their rows.
    pub(crate) fn by<'a>(changes: impl Iterator<Item = &'a Change>) -> Self {
        let mut touched = Self::default();
        for change in changes {
            match change {
                Change::Delivery(fact) => touched.delivery(&fact.delivery),
                Change::Outcome(fact) => touched.delivery(&fact.delivery),
                Change::Notice(fact) => fact.delivery.iter().for_each(|id| touched.delivery(id)),
                Change::Requested(fact) => {
                    touched.runs.insert(fact.run.to_string());
                    touched.delivery(&fact.delivery);
                }
                Change::Entry(entry) => {
                    touched.runs.insert(entry.run.to_string());
                    touched.steps.extend(run::step_key(&entry.what).map(|key| (entry.run.to_string(), key)));
                    if let What::Started(started) = &entry.what {
                        touched.delivery(&started.delivery);
                    }
                }
            }
        }
        touched
    }

    fn delivery(&mut self, id: &DeliveryId) {
        self.deliveries.insert(id.to_string());
    }
}

/// The rows a batch works on.
#[derive(Debug)]
pub(crate) struct Work {
    stream: String,
    pub(crate) deliveries: Rows<String, DeliveryRecord>,
    pub(crate) runs: Rows<String, RunRecord>,
    pub(crate) steps: Rows<(String, String), StepRecord>,
    pub(crate) requests: Vec<RequestRecord>,
    pub(crate) events: Vec<EventRecord>,
    pub(crate) notices: Vec<NoticeRecord>,
}

impl Work {
    /// On these rows: every row of [`Touched`] that exists.
    pub(crate) fn on(
        stream: &str,
        deliveries: Vec<DeliveryRecord>,
        runs: Vec<RunRecord>,
        steps: Vec<StepRecord>,
    ) -> Self {
        Self {
            stream: stream.to_owned(),
            deliveries: Rows::new(deliveries, |row| row.id.clone()),
            runs: Rows::new(runs, |row| row.id.clone()),
            steps: Rows::new(steps, |row| (row.run.clone(), row.key.clone())),
            requests: Vec::new(),
            events: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Applies one fact.
    pub(crate) fn fold(&mut self, seq: u64, change: Change) {
        match change {
            Change::Delivery(fact) => self.received(*fact),
            Change::Outcome(fact) => self.normalized(*fact),
            Change::Notice(fact) => self.noticed(seq, *fact),
            Change::Requested(fact) => run::requested(self.run(fact.run.as_str()), *fact),
            Change::Entry(entry) => self.journal(*entry),
        }
    }

    /// Derives what depends on several facts. `standings` are the stored runs of the touched deliveries; the runs of
    /// this batch take precedence over them.
    pub(crate) fn settle(&mut self, standings: Vec<Standing>) {
        let mut known: BTreeMap<String, Standing> = standings.into_iter().map(|s| (s.id.clone(), s)).collect();
        known.extend(self.runs.now.values().map(|run| (run.id.clone(), run.into())));
        let mut runs_of: BTreeMap<&str, Vec<&Standing>> = BTreeMap::new();
        for standing in known.values() {
            runs_of.entry(standing.delivery.as_deref().unwrap_or_default()).or_default().push(standing);
        }
        for (id, row) in &mut self.deliveries.now {
            delivery::settle(row, runs_of.get(id.as_str()).map_or(&[], Vec::as_slice));
        }
    }

    fn delivery(&mut self, id: &str) -> &mut DeliveryRecord {
        let new = || DeliveryRecord { id: id.to_owned(), ..DeliveryRecord::default() };
        self.deliveries.now.entry(id.to_owned()).or_insert_with(new)
    }

    fn run(&mut self, id: &str) -> &mut RunRecord {
        let new = || RunRecord { id: id.to_owned(), state: run::REQUESTED.to_owned(), ..RunRecord::default() };
        self.runs.now.entry(id.to_owned()).or_insert_with(new)
    }
}
