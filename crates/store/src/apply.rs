//! Applying a batch: the one algorithm, over whatever tables an engine has opened a transaction on.

use async_trait::async_trait;

use crate::StoreError;
use crate::fold::{Touched, Work};
use crate::port::{Applied, Batch, Checkpoint};
use crate::record::{DeliveryRecord, RunRecord, Standing, StepRecord};

/// The tables inside one write transaction. Nobody else folds until it ends.
#[async_trait]
pub(crate) trait Tables: Send {
    async fn checkpoint(&mut self, stream: &str) -> Result<Option<Checkpoint>, StoreError>;
    async fn set_checkpoint(&mut self, stream: &str, checkpoint: &Checkpoint) -> Result<(), StoreError>;

    async fn deliveries(&mut self, ids: &[String]) -> Result<Vec<DeliveryRecord>, StoreError>;
    async fn runs(&mut self, ids: &[String]) -> Result<Vec<RunRecord>, StoreError>;
    async fn steps(&mut self, keys: &[(String, String)]) -> Result<Vec<StepRecord>, StoreError>;
    /// Of every run of these deliveries.
    async fn standings(&mut self, deliveries: &[String]) -> Result<Vec<Standing>, StoreError>;

    /// Writes what changed.
    async fn save(&mut self, work: &Work) -> Result<(), StoreError>;
}

/// Folds a batch. The caller commits, so rows and checkpoint move together or not at all.
pub(crate) async fn apply(tables: &mut impl Tables, batch: Batch) -> Result<Applied, StoreError> {
    if batch.changes.last().is_some_and(|(seq, _)| *seq > batch.upto) {
        return Err(StoreError::Invalid("batch: it has a position beyond its end"));
    }
    let known = tables.checkpoint(&batch.stream).await?;
    let done = match known {
        Some(known) if known.incarnation != batch.incarnation => {
            return Err(StoreError::OtherIncarnation { stream: batch.stream });
        }
        Some(known) if batch.upto <= known.seq => return Ok(Applied::Stale),
        Some(known) => known.seq,
        None => 0,
    };
    if done < batch.after {
        return Ok(Applied::Gap);
    }
    if batch.after > done {
        return Ok(Applied::Gap);
    }
    let mut changes = batch.changes;
    changes.retain(|(seq, _)| *seq > done);
    let new = changes.len() as u64;
    if new > 0 {
        let mut work = load(tables, &batch.stream, Touched::by(changes.iter().map(|(_, change)| change))).await?;
        for (seq, change) in changes {
            work.fold(seq, change);
        }
        let deliveries: Vec<String> = work.deliveries.keys();
        let standings = if deliveries.is_empty() { Vec::new() } else { tables.standings(&deliveries).await? };
        work.settle(standings);
        tables.save(&work).await?;
    }
    tables.set_checkpoint(&batch.stream, &Checkpoint { incarnation: batch.incarnation, seq: batch.upto }).await?;
    Ok(Applied::New(new))
}

async fn load(tables: &mut impl Tables, stream: &str, touched: Touched) -> Result<Work, StoreError> {
    let Touched { mut deliveries, runs, steps } = touched;
    let runs: Vec<String> = runs.into_iter().collect();
    let runs = if runs.is_empty() { Vec::new() } else { tables.runs(&runs).await? };
    deliveries.extend(runs.iter().filter_map(|run| run.delivery.clone()));

    let deliveries: Vec<String> = deliveries.into_iter().collect();
    let deliveries = if deliveries.is_empty() { Vec::new() } else { tables.deliveries(&deliveries).await? };

    let steps: Vec<(String, String)> = steps.into_iter().collect();
    let steps = if steps.is_empty() { Vec::new() } else { tables.steps(&steps).await? };
    Ok(Work::on(stream, deliveries, runs, steps))
}
