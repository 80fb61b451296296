//! A batch of deliveries: prepared at once, written down in stream order in three steps, acknowledged last.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::{Stream, StreamExt as _};
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
/// Requests, each with its message, that may be in memory at once, but for those of one more delivery.
const REQUESTS_TOGETHER: usize = 2_000;

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
    let _heartbeat = Heartbeat::start(taken.iter().map(|(taken, _)| Arc::downgrade(&taken.lease)).collect(), shared);
    let mut prepared = futures::stream::iter(taken)
        .map(|(taken, record)| prepare(Arc::clone(shared), taken, record, stop.clone()))
        .buffered(shared.options.workers);
    let mut unbroken = true;
    while let Some(ready) = next_part(shared, &mut prepared).await {
        // After a part that was left unfinished nothing younger may be written down.
        if unbroken {
            unbroken = write_down(shared, ready, stop).await;
        } else {
            join_all(ready.iter().map(|Ready { taken, .. }| put_back(shared, taken, delay(taken.attempt)))).await;
        }
    }
}

/// As many deliveries as are written down together: all, unless they ask for so many runs that they would fill memory.
async fn next_part(
    shared: &Shared,
    prepared: &mut (impl Stream<Item = (Taken, Result<Work, Unready>)> + Unpin),
) -> Option<Vec<Ready>> {
    let (mut part, mut requests) = (Vec::new(), 0);
    while requests < REQUESTS_TOGETHER {
        match prepared.next().await {
            Some((taken, Ok(work))) => {
                requests += work.plan.requests.len();
                part.push(Ready { taken, work });
            }
            Some((taken, Err(why))) => give_up(shared, taken, why).await,
            None if part.is_empty() => return None,
            None => break,
        }
    }
    Some(part)
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
/// False when it was left unfinished.
async fn write_down(shared: &Shared, ready: Vec<Ready>, stop: &CancellationToken) -> bool {
    failpoint::hit("normalizer.before_requests");
    let requested = |ready: &Ready, ended: &[Outcome]| shared.meters.requested(&ready.work, ended);
    let Some(ready) = step(shared, ready, Work::requests, requested, stop).await else { return false };
    failpoint::hit("normalizer.after_requests");
    let Some(ready) = step(shared, ready, Work::wakes, |_, _| {}, stop).await else { return false };
    failpoint::hit("normalizer.after_wake");
    let decided = |ready: &Ready, ended: &[Outcome]| shared.meters.decided(&ready.work, ready.taken.began, ended);
    let Some(ready) = step(shared, ready, Work::outcome, decided, stop).await else { return false };
    failpoint::hit("normalizer.after_outcome");
    let acks = ready.iter().map(|Ready { taken, .. }| async {
        shared.meters.acked(taken.began, taken.lease.ack().await);
    });
    join_all(acks).await;
    true
}

/// Appends these records of all deliveries and tells `count` how they ended. Returns the deliveries that go on; `None`
/// when the step was left unfinished.
async fn step(
    shared: &Shared,
    ready: Vec<Ready>,
    records: impl Fn(&Work) -> Vec<Append>,
    count: impl Fn(&Ready, &[Outcome]),
    stop: &CancellationToken,
) -> Option<Vec<Ready>> {
    let each: Vec<Vec<Append>> = ready.iter().map(|ready| records(&ready.work)).collect();
    let lengths: Vec<usize> = each.iter().map(Vec::len).collect();
    let mut results = match append_all(&*shared.log, each.into_iter().flatten().collect(), stop).await {
        Ok(results) => results.into_iter(),
        Err(halt) => {
            abandon(shared, ready, halt).await;
            return None;
        }
    };
    let mut going_on = Vec::with_capacity(ready.len());
    for (ready, length) in ready.into_iter().zip(lengths) {
        let own: Vec<Result<Outcome, LogError>> = results.by_ref().take(length).collect();
        match own.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(ended) => {
                count(&ready, &ended);
                going_on.push(ready);
            }
            Err(cause) => refused(shared, ready.taken, cause).await,
        }
    }
    Some(going_on)
}

/// Ends a lease without a plan. What an upgrade or an operator can mend comes back later, until the log parks it.
async fn give_up(shared: &Shared, taken: Taken, why: Unready) {
    match why {
        Unready::Unreadable(_) | Unready::Foreign => park(shared, &taken, "unreadable", &why.to_string()).await,
        Unready::Stopped => put_back(shared, &taken, Duration::ZERO).await,
        Unready::Newer(_) | Unready::Snapshot | Unready::Log(_) | Unready::Panicked => {
            taken.span.in_scope(|| tracing::error!(attempt = taken.attempt, "a delivery has to wait: {why}"));
            put_back(shared, &taken, delay(taken.attempt)).await;
        }
    }
}

/// The log will not take a record of this delivery.
async fn refused(shared: &Shared, taken: Taken, cause: LogError) {
    match cause {
        LogError::TooLarge { .. } | LogError::Invalid { .. } => {
            park(shared, &taken, "refused", &cause.to_string()).await;
        }
        cause => give_up(shared, taken, Unready::Log(cause)).await,
    }
}

/// A step was left unfinished; all of it will be repeated.
async fn abandon(shared: &Shared, ready: Vec<Ready>, halt: Halt) {
    let stopped = matches!(halt, Halt::Stopped);
    if !stopped {
        tracing::error!("{} deliveries have to wait: {halt}", ready.len());
    }
    let all = ready.iter().map(|Ready { taken, .. }| {
        put_back(shared, taken, if stopped { Duration::ZERO } else { delay(taken.attempt) })
    });
    join_all(all).await;
}

async fn put_back(shared: &Shared, taken: &Taken, delay: Duration) {
    shared.meters.put_back(taken.began, taken.lease.nak(delay).await);
}

async fn park(shared: &Shared, taken: &Taken, label: &'static str, reason: &str) {
    taken.span.in_scope(|| tracing::error!("a delivery is parked: {reason}"));
    shared.meters.parked(taken.began, label, taken.lease.park(reason).await);
}

/// 1 s, 2 s, 4 s ... 60 s.
fn delay(attempt: u32) -> Duration {
    FIRST_DELAY.saturating_mul(1 << attempt.saturating_sub(1).min(6)).min(LONGEST_DELAY)
}

/// Keeps every lease of a batch alive that is still in hand, until dropped.
struct Heartbeat(JoinHandle<()>);

impl Heartbeat {
    fn start(leases: Vec<Weak<dyn Lease>>, shared: &Shared) -> Self {
        let every = shared.options.ack_wait / 3;
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                // A hint: when it is lost, the delivery comes back and its records are already there.
                let in_hand: Vec<_> = leases.iter().filter_map(Weak::upgrade).collect();
                join_all(in_hand.iter().map(|lease| lease.progress())).await;
            }
        }))
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.abort();
    }
}
