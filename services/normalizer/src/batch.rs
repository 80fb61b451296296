//! A batch of deliveries: prepared at once, written down in stream order in three steps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use hookwheel_log::{Append, Log, LogError, Outcome, Seq, Stored, parked};
use hookwheel_proto::topology::NORMALIZER;
use hookwheel_runtime::{failpoint, trace};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use crate::append::{Halt, Pause, append_all};
use crate::meters::Meters;
use crate::options::Options;
use crate::prepare::{Prepare, Unready, Work};

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
    /// The record, without its bytes.
    record: Stored,
    began: Instant,
    span: Span,
}

/// A delivery in hand with its plan.
struct Ready {
    taken: Taken,
    work: Work,
}

/// A delivery without a plan that an upgrade or an operator can mend.
pub(crate) struct Stuck {
    taken: Taken,
    why: Unready,
}

impl Stuck {
    /// One that ends whoever takes it in hand.
    pub fn deadly(shared: &Shared, record: &Stored) -> Self {
        Self { taken: take(shared, record), why: Unready::Deadly }
    }

    pub fn seq(&self) -> Seq {
        self.taken.record.seq
    }

    /// It will be tried again.
    pub fn put_back(&self, shared: &Shared, tries: u32, delay: Duration) {
        let why = &self.why;
        self.taken.span.in_scope(|| tracing::error!(tries, "deliveries wait {delay:?} for one that failed: {why}"));
        shared.meters.put_back(self.taken.began);
    }
}

/// How far a batch, or a part of it, came.
#[derive(Default)]
pub(crate) struct Handled {
    /// Up to here every delivery is written down or parked.
    pub done: Option<Seq>,
    /// The one after that, when it could not be.
    pub stuck: Option<Stuck>,
}

/// Deliveries that are written down together, and how far they go.
#[derive(Default)]
struct Part {
    ready: Vec<Ready>,
    upto: Handled,
}

/// Looks after deliveries in stream order. A halt says nothing about how far it came: all of it may be repeated.
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    batch: Vec<Stored>,
    stop: &CancellationToken,
) -> Result<Handled, Halt> {
    let _in_hand = shared.meters.in_hand(batch.len());
    let mut prepared = futures::stream::iter(batch)
        .map(|record| prepare(Arc::clone(shared), record, stop.clone()))
        .buffered(shared.options.workers);
    let mut handled = Handled::default();
    while handled.stuck.is_none() {
        let Some(part) = next_part(shared, &mut prepared, stop).await? else { break };
        write_down(shared, part.ready, stop).await?;
        handled = Handled { done: part.upto.done.or(handled.done), stuck: part.upto.stuck };
    }
    Ok(handled)
}

/// As many deliveries as are written down together: all, unless they ask for so many runs that they would fill memory,
/// or one of them is stuck.
async fn next_part(
    shared: &Shared,
    prepared: &mut (impl Stream<Item = (Taken, Result<Work, Unready>)> + Unpin),
    stop: &CancellationToken,
) -> Result<Option<Part>, Halt> {
    let (mut part, mut requests) = (Part::default(), 0);
    while requests < REQUESTS_TOGETHER {
        let Some((taken, work)) = prepared.next().await else { break };
        let seq = taken.record.seq;
        match work {
            Ok(work) => {
                requests += work.plan.requests.len();
                part.ready.push(Ready { taken, work });
            }
            Err(Unready::Stopped) => return Err(Halt::Stopped),
            Err(Unready::Log(cause @ LogError::Unfit(_))) => return Err(Halt::Refused(cause)),
            Err(why @ (Unready::Unreadable(_) | Unready::Foreign)) => {
                park(shared, &taken, "unreadable", &why.to_string(), stop).await?;
            }
            Err(why) => {
                part.upto.stuck = Some(Stuck { taken, why });
                return Ok(Some(part));
            }
        }
        part.upto.done = Some(seq);
    }
    Ok(part.upto.done.is_some().then_some(part))
}

fn take(shared: &Shared, record: &Stored) -> Taken {
    let span = tracing::info_span!(
        "process DELIVERIES",
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.destination.name = "DELIVERIES",
        messaging.consumer.group.name = "normalizer",
        messaging.message.id = record.id,
    );
    trace::set_parent(&span, record.header(hookwheel_proto::kind::TRACEPARENT));
    shared.meters.taken(record);
    let (stream, subject) = (record.stream.clone(), record.subject.clone());
    let record = Stored { stream, subject, id: String::new(), headers: Vec::new(), payload: Bytes::new(), ..*record };
    Taken { record, began: Instant::now(), span }
}

/// In a task of its own: other deliveries are prepared beside it, and outlive its panic.
async fn prepare(shared: Arc<Shared>, record: Stored, stop: CancellationToken) -> (Taken, Result<Work, Unready>) {
    let taken = take(&shared, &record);
    let span = taken.span.clone();
    let work = async move { shared.prepare.prepare(&record, &stop).await };
    let work = tokio::spawn(work.instrument(span)).await.unwrap_or(Err(Unready::Panicked));
    (taken, work)
}

/// Requests, then wakes, then outcomes: whoever sees an outcome finds its requests, and whoever is woken finds them too.
async fn write_down(shared: &Shared, ready: Vec<Ready>, stop: &CancellationToken) -> Result<(), Halt> {
    failpoint::hit("normalizer.before_requests");
    let requested = |ready: &Ready, ended: &[Outcome]| shared.meters.requested(&ready.work, ended);
    let ready = step(shared, ready, Work::requests, requested, stop).await?;
    failpoint::hit("normalizer.after_requests");
    let ready = step(shared, ready, Work::wakes, |_, _| {}, stop).await?;
    failpoint::hit("normalizer.after_wake");
    let decided = |ready: &Ready, ended: &[Outcome]| shared.meters.decided(&ready.work, ready.taken.began, ended);
    let ready = step(shared, ready, Work::outcome, decided, stop).await?;
    failpoint::hit("normalizer.after_outcome");
    ready.iter().for_each(|ready| shared.meters.done(ready.taken.began));
    Ok(())
}

/// Appends these records of all deliveries and tells `count` how they ended. Returns the deliveries that go on: all but
/// those with a record that the log will never take.
async fn step(
    shared: &Shared,
    ready: Vec<Ready>,
    records: impl Fn(&Work) -> Vec<Append>,
    count: impl Fn(&Ready, &[Outcome]),
    stop: &CancellationToken,
) -> Result<Vec<Ready>, Halt> {
    let each: Vec<Vec<Append>> = ready.iter().map(|ready| records(&ready.work)).collect();
    let lengths: Vec<usize> = each.iter().map(Vec::len).collect();
    let mut results = append_all(&*shared.log, each.into_iter().flatten().collect(), stop).await?.into_iter();
    let mut going_on = Vec::with_capacity(ready.len());
    for (ready, length) in ready.into_iter().zip(lengths) {
        let own: Vec<Result<Outcome, LogError>> = results.by_ref().take(length).collect();
        match own.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(ended) => {
                count(&ready, &ended);
                going_on.push(ready);
            }
            Err(cause @ (LogError::TooLarge { .. } | LogError::Invalid { .. })) => {
                park(shared, &ready.taken, "refused", &cause.to_string(), stop).await?;
            }
            Err(cause) => return Err(Halt::Refused(cause)),
        }
    }
    Ok(going_on)
}

/// Parks a delivery that failed too often.
pub(crate) async fn give_up(shared: &Shared, stuck: &Stuck, stop: &CancellationToken) -> Result<(), Halt> {
    let reason = format!("{}; last: {}", parked::TOO_MANY_ATTEMPTS, stuck.why);
    park(shared, &stuck.taken, "attempts", &reason, stop).await
}

/// Keeps a note of the delivery, before the place moves past it.
async fn park(
    shared: &Shared,
    taken: &Taken,
    label: &'static str,
    reason: &str,
    stop: &CancellationToken,
) -> Result<(), Halt> {
    let mut pause = Pause::default();
    while let Err(cause) = shared.log.park(NORMALIZER, &taken.record, reason).await {
        if !cause.is_transient() {
            return Err(Halt::Refused(cause));
        }
        if !pause.wait(&cause, stop).await {
            return Err(Halt::Stopped);
        }
    }
    taken.span.in_scope(|| tracing::error!("a delivery is parked: {reason}"));
    shared.meters.parked(taken.began, label);
    Ok(())
}
