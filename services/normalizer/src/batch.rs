//! A batch of deliveries: prepared at once, written down in stream order in three steps, acknowledged last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::join_all;
use hookwheel_log::{Append, Held, Lease, Log, LogError, Outcome, Stored};
use hookwheel_runtime::{failpoint, trace};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use crate::append::{Halt, append_all};
use crate::meters::Meters;
use crate::options::Options;
use crate::prepare::{Prepare, Unready, Work};

const FIRST_DELAY: Duration = Duration::from_secs(1);
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// What handling a batch stands on.
pub(crate) struct Shared {
    pub options: Options,
    pub log: Arc<dyn Log>,
    pub prepare: Prepare,
    pub meters: Meters,
}

/// A delivery in hand.
struct Taken {
    lease: Arc<dyn Lease>,
    attempt: u32,
    began: Instant,
    span: Span,
}

/// A delivery in hand with its plan.
struct Ready {
    taken: Taken,
    work: Work,
}

/// Looks after a batch to its end: each delivery is acknowledged, given back, or parked.
pub(crate) async fn handle(shared: &Arc<Shared>, mut batch: Vec<Held>, stop: &CancellationToken) {
    batch.sort_by_key(|held| held.record.seq);
    let taken: Vec<_> = batch.into_iter().map(|held| take(shared, held)).collect();
    let _heartbeat = Heartbeat::start(taken.iter().map(|(taken, _)| Arc::clone(&taken.lease)).collect(), shared);
    let prepared: Vec<_> = futures::stream::iter(taken)
        .map(|(taken, record)| prepare(Arc::clone(shared), taken, record, stop.clone()))
        .buffered(shared.options.workers)
        .collect()
        .await;
    let mut ready = Vec::with_capacity(prepared.len());
    for (taken, work) in prepared {
        match work {
            Ok(work) => ready.push(Ready { taken, work }),
            Err(why) => give_up(shared, taken, why).await,
        }
    }
    write_down(shared, ready, stop).await;
}

fn take(shared: &Shared, held: Held) -> (Taken, Stored) {
    let Held { record, attempt, lease } = held;
    let span = tracing::info_span!(
        "process DELIVERIES",
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.destination.name = "DELIVERIES",
        messaging.consumer.group.name = "normalizer",
        messaging.message.id = record.id,
    );
    trace::set_parent(&span, record.header(hookwheel_proto::kind::TRACEPARENT));
    shared.meters.taken(&record, attempt);
    (Taken { lease: Arc::from(lease), attempt, began: Instant::now(), span }, record)
}

/// In a task of its own: other deliveries are prepared beside it, and outlive its panic.
async fn prepare(
    shared: Arc<Shared>,
    taken: Taken,
    record: Stored,
    stop: CancellationToken,
) -> (Taken, Result<Work, Unready>) {
    let span = taken.span.clone();
    let work = async move { shared.prepare.prepare(&record, &stop).await };
    let work = tokio::spawn(work.instrument(span)).await.unwrap_or(Err(Unready::Panicked));
    (taken, work)
}

/// Requests, then wakes, then outcomes: whoever sees an outcome finds its requests, and whoever is woken finds them too.
async fn write_down(shared: &Shared, ready: Vec<Ready>, stop: &CancellationToken) {
    failpoint::hit("normalizer.before_requests");
    let Some(ready) = step(shared, ready, Work::requests, stop).await else { return };
    failpoint::hit("normalizer.after_requests");
    let Some(ready) = step(shared, ready, Work::wakes, stop).await else { return };
    failpoint::hit("normalizer.after_wake");
    let Some(ready) = step(shared, ready, Work::outcome, stop).await else { return };
    failpoint::hit("normalizer.after_outcome");
    let acks = ready.iter().map(|Ready { taken, .. }| async {
        shared.meters.acked(taken.began, taken.lease.ack().await);
    });
    join_all(acks).await;
}

/// Appends these records of all deliveries. Returns the deliveries that go on; `None` when none does.
async fn step(
    shared: &Shared,
    ready: Vec<Ready>,
    records: impl Fn(&Work) -> Vec<Append>,
    stop: &CancellationToken,
) -> Option<Vec<Ready>> {
    let each: Vec<Vec<Append>> = ready.iter().map(|ready| records(&ready.work)).collect();
    let counts: Vec<usize> = each.iter().map(Vec::len).collect();
    let mut results = match append_all(&*shared.log, each.into_iter().flatten().collect(), stop).await {
        Ok(results) => results.into_iter(),
        Err(halt) => {
            abandon(shared, ready, halt).await;
            return None;
        }
    };
    let mut going_on = Vec::with_capacity(ready.len());
    for (ready, count) in ready.into_iter().zip(counts) {
        let own: Result<Vec<Outcome>, LogError> = results.by_ref().take(count).collect();
        match own {
            Ok(outcomes) => {
                shared.meters.appended(&ready.work, &outcomes);
                going_on.push(ready);
            }
            Err(cause) => refused(shared, ready.taken, cause).await,
        }
    }
    Some(going_on)
}
