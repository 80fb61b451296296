//! Group commit: everything that is waiting goes to the log as one batch, one batch at a time.
//!
//! Nobody sleeps to fill a batch: while one is being synced the next one gathers by itself. A batch with a duplicate in it costs the log many times more than one
//! without, so repeats of recent keys, and of keys in the very same batch, are answered here and never sent.

use std::collections::HashMap;
use std::sync::Arc;

use hookwheel_core::DeliveryId;
use hookwheel_log::{Append, Log, LogError, Outcome, Subject};
use tokio::sync::{mpsc, oneshot};

use crate::recent::Recent;

/// Most records in a batch.
const MAX_RECORDS: usize = 256;
/// A batch takes no more records once it holds so many bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How many may wait in line.
const WAITING: usize = 8 * 1024;
/// How many recent keys are remembered for sure.
const RECENT: usize = 32 * 1024;

/// How an append ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Stored, by this very call.
    Stored,
    /// The key belongs to this delivery, which is durable. It may be the same one: an earlier try.
    Known(DeliveryId),
    /// The key is taken; whose it is must be asked.
    Taken,
}

/// How it ended badly. The cause was logged where it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed {
    /// Whether the same record may be tried again.
    pub(crate) transient: bool,
}

/// The way into the batches.
#[derive(Clone)]
pub(crate) struct Appender {
    line: mpsc::Sender<Waiting>,
    recent: Arc<Recent>,
}

struct Waiting {
    delivery: DeliveryId,
    record: Append,
    answer: oneshot::Sender<Result<Fate, Failed>>,
}

/// The one task that appends.
pub(crate) struct Batcher {
    log: Arc<dyn Log>,
    line: mpsc::Receiver<Waiting>,
    recent: Arc<Recent>,
}

/// The two ends.
pub(crate) fn batches(log: Arc<dyn Log>) -> (Appender, Batcher) {
    let (sender, line) = mpsc::channel(WAITING);
    let recent = Arc::new(Recent::new(RECENT));
    (Appender { line: sender, recent: Arc::clone(&recent) }, Batcher { log, line, recent })
}

impl Appender {
    /// Appends this delivery's record and returns after it is durable. A caller that goes away leaves one record or
    /// none, as the log promises.
    pub(crate) async fn append(&self, delivery: DeliveryId, record: Append) -> Result<Fate, Failed> {
        let (answer, ended) = oneshot::channel();
        let gone = Failed { transient: true };
        self.line.send(Waiting { delivery, record, answer }).await.map_err(|_| gone)?;
        ended.await.unwrap_or(Err(gone))
    }

    /// Whose key it is, if that was seen lately.
    pub(crate) fn known(&self, subject: &Subject) -> Option<DeliveryId> {
        self.recent.first(subject)
    }

    /// Remembers whose key it is, once the log was asked.
    pub(crate) fn remember(&self, subject: Subject, first: DeliveryId) {
        self.recent.remember(subject, first);
    }
}

impl Batcher {
    /// Runs until nobody can append any more.
    pub(crate) async fn run(mut self) {
        while let Some(first) = self.line.recv().await {
            let mut batch = Batch::default();
            batch.add(first, &self.recent);
            while batch.has_room()
                && let Ok(next) = self.line.try_recv()
            {
                batch.add(next, &self.recent);
            }
            batch.settle(self.log.as_ref(), &self.recent).await;
        }
    }
}

/// Records of different subjects, and who waits for each.
#[derive(Default)]
struct Batch {
    records: Vec<Append>,
    leaders: Vec<(DeliveryId, oneshot::Sender<Result<Fate, Failed>>)>,
    place: HashMap<Subject, usize>,
    /// Repeats within the batch: whose fate they share.
    followers: Vec<(usize, oneshot::Sender<Result<Fate, Failed>>)>,
    bytes: usize,
}

impl Batch {
    fn has_room(&self) -> bool {
        self.records.len() < MAX_RECORDS && self.followers.len() < MAX_RECORDS && self.bytes < MAX_BYTES
    }

    fn add(&mut self, waiting: Waiting, recent: &Recent) {
        let Waiting { delivery, record, answer } = waiting;
        if let Some(first) = recent.first(&record.subject) {
            let _ = answer.send(Ok(Fate::Known(first)));
        } else if let Some(leader) = self.place.get(&record.subject) {
            self.followers.push((*leader, answer));
        } else {
            self.bytes += record.payload.len();
            self.place.insert(record.subject.clone(), self.records.len());
            self.records.push(record);
            self.leaders.push((delivery, answer));
        }
    }

    async fn settle(self, log: &dyn Log, recent: &Recent) {
        if self.records.is_empty() {
            return;
        }
        hookwheel_runtime::failpoint::hit("ingress.before_append");
        let fates = fates(log, self.records).await;
        hookwheel_runtime::failpoint::hit("ingress.appended");
        for (subject, place) in self.place {
            if fates[place] == Ok(Fate::Stored) {
                recent.remember(subject, self.leaders[place].0.clone());
            }
        }
        for (leader, answer) in self.followers {
            let fate = match &fates[leader] {
                Ok(Fate::Stored) => Ok(Fate::Known(self.leaders[leader].0.clone())),
                other => other.clone(),
            };
            let _ = answer.send(fate);
        }
        for ((_, answer), fate) in self.leaders.into_iter().zip(fates) {
            let _ = answer.send(fate);
        }
    }
}

async fn fates(log: &dyn Log, records: Vec<Append>) -> Vec<Result<Fate, Failed>> {
    let count = records.len();
    let outcomes = match log.append_batch(records).await {
        Ok(outcomes) => outcomes,
        Err(cause) => return vec![Err(failed(&cause, count)); count],
    };
    let troubled = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let mut told = None;
    let mut fate = |outcome: Result<Outcome, LogError>| match outcome {
        Ok(Outcome::Stored(_)) => Ok(Fate::Stored),
        Ok(Outcome::AlreadyThere(_) | Outcome::Conflict(_)) => Ok(Fate::Taken),
        Err(cause) if told.is_none() => Err(*told.insert(failed(&cause, troubled))),
        Err(cause) => Err(Failed { transient: cause.is_transient() }),
    };
    let mut fates: Vec<_> = outcomes.into_iter().map(&mut fate).collect();
    fates.resize(count, Err(Failed { transient: true }));
    fates
}

fn failed(cause: &LogError, records: usize) -> Failed {
    let transient = cause.is_transient();
    if transient {
        tracing::warn!(%cause, records, "failed to append {records} deliveries: {cause}");
    } else {
        tracing::error!(%cause, records, "failed to append {records} deliveries, and trying again will not help: {cause}");
    }
    Failed { transient }
}
