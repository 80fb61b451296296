//! What the folding says about itself in metrics.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hookwheel_log::Stored;
use hookwheel_runtime::clock::now_micros;
use hookwheel_runtime::metrics::{
    PROJECTOR_BATCH_DURATION_SECONDS, PROJECTOR_BATCH_ROWS, PROJECTOR_EVENTS_TOTAL, PROJECTOR_FRESHNESS_SECONDS,
    PROJECTOR_LAST_APPLIED_TIMESTAMP_SECONDS, PROJECTOR_REBUILDING,
};
use metrics::{counter, gauge, histogram};

/// Which streams are being folded from their start.
#[derive(Clone, Default)]
pub(crate) struct Rebuilding(Arc<Mutex<BTreeSet<&'static str>>>);

impl Rebuilding {
    /// Begins or ends the rebuild of one stream.
    pub(super) fn set(&self, stream: &'static str, rebuilding: bool) {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = if rebuilding { streams.insert(stream) } else { streams.remove(stream) };
        if changed {
            let state = if rebuilding { "begins" } else { "has caught up" };
            tracing::info!(stream, "the rebuild of {stream} {state}");
        }
        gauge!(PROJECTOR_REBUILDING).set(if streams.is_empty() { 0.0 } else { 1.0 });
    }
}

/// Counts a batch that is in the tables now.
pub(super) fn applied(records: &[Stored], new: u64, took: Duration, rebuilding: bool) {
    counter!(PROJECTOR_EVENTS_TOTAL, "outcome" => "applied").increment(new);
    histogram!(PROJECTOR_BATCH_ROWS).record(records.len() as f64);
    histogram!(PROJECTOR_BATCH_DURATION_SECONDS).record(took);
    let now = now_micros();
    gauge!(PROJECTOR_LAST_APPLIED_TIMESTAMP_SECONDS).set(now as f64 / 1e6);
    if !rebuilding {
        let freshness = histogram!(PROJECTOR_FRESHNESS_SECONDS);
        records.iter().for_each(|record| freshness.record(now.saturating_sub(record.at_micros).max(0) as f64 / 1e6));
    }
}
