//! Counts a delivery once, when the last of its runs has ended.

use hookwheel_core::event::Normalized;
use hookwheel_core::ids::RunId;
use hookwheel_core::journal::{RunOutcome, What};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_log::{Log, LogError, Seq};
use hookwheel_proto::{Fact, decode, topology};

use crate::journal::Journal;
use crate::shared::Shared;
use crate::telemetry;

/// Called by the run that has just ended. Of a delivery's runs only the one whose end is last on the log counts, so two
/// that end at the same moment do not count twice. A replay's runs count for themselves only.
pub(crate) async fn count(shared: &Shared, request: &RunRequested, snapshot: Option<&Snapshot>, journal: &Journal) {
    if request.generation > 0 {
        return;
    }
    let own = journal.state.as_ref().and_then(|state| state.finished.as_ref()).map(|end| end.outcome);
    let own_completed = own == Some(RunOutcome::Completed);
    match others_completed(&*shared.log, request, journal.last()).await {
        Ok(Some(others)) => telemetry::delivery_ended(shared, request, snapshot, own_completed && others),
        Ok(None) => {}
        Err(cause) => tracing::debug!(%cause, "a delivery was not counted: {cause}"),
    }
}

/// Whether all other runs of the delivery completed; `None` when this is not the last to end. The last requested are
/// asked first: in a long batch they are the likeliest to be still open, and one is enough.
async fn others_completed(log: &dyn Log, request: &RunRequested, own_end: Seq) -> Result<Option<bool>, LogError> {
    let mut completed = true;
    for run in runs(log, request).await?.iter().rev().filter(|run| **run != request.run) {
        match end_of(log, run).await? {
            Some((end, outcome)) if end < own_end => completed &= outcome == RunOutcome::Completed,
            _ => return Ok(None),
        }
    }
    Ok(Some(completed))
}

/// The delivery's runs. Its outcome may not be on the log yet; then this run stands for all.
async fn runs(log: &dyn Log, request: &RunRequested) -> Result<Vec<RunId>, LogError> {
    let outcome = log.last(topology::EVENTS, &topology::event_subject(&request.delivery)).await?;
    Ok(match outcome.map(|record| decode(&record)) {
        Some(Ok(Fact::DeliveryOutcome(outcome))) => match outcome.result {
            Normalized::Routed { runs, .. } => runs,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    })
}

async fn end_of(log: &dyn Log, run: &RunId) -> Result<Option<(Seq, RunOutcome)>, LogError> {
    let Some(record) = log.last(topology::RUNS, &topology::run_subject(run)).await? else { return Ok(None) };
    Ok(match decode(&record) {
        Ok(Fact::RunEntry(entry)) => match entry.what {
            What::Finished(end) => Some((record.seq, end.outcome)),
            _ => None,
        },
        _ => None,
    })
}
