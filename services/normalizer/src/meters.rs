//! What this service counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use hookwheel_core::event::Normalized;
use hookwheel_core::filter::NO_ROUTE;
use hookwheel_log::{Outcome, Stored};
use hookwheel_proto::topology::{DELIVERIES, NORMALIZER};
use hookwheel_runtime::clock::now_micros;
use hookwheel_runtime::metrics as names;
use hookwheel_runtime::metrics::label::{Bounded, OTHER};
use metrics::{SharedString, counter, gauge, histogram};

use crate::batch::Shared;
use crate::place;
use crate::prepare::Work;

const DEPTH_EVERY: Duration = Duration::from_secs(2);
/// Event types of verified deliveries that get a series of their own.
const EVENT_TYPES: usize = 200;
const UNKNOWN: &str = "unknown";

pub(crate) struct Meters {
    event_types: Bounded,
    in_hand: AtomicU64,
    /// The newest position that was taken.
    newest: AtomicU64,
}

/// Deliveries are in hand until this is dropped.
pub(crate) struct InHand<'a>(&'a Meters);

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.in_hand.store(0, Relaxed);
    }
}

impl Meters {
    pub fn new() -> Self {
        Self { event_types: Bounded::new(EVENT_TYPES), in_hand: AtomicU64::new(0), newest: AtomicU64::new(0) }
    }

    /// So many deliveries are in hand.
    pub fn in_hand(&self, count: usize) -> InHand<'_> {
        self.in_hand.store(count as u64, Relaxed);
        InHand(self)
    }

    /// A delivery was taken from the log. How long a repeated one lay there says nothing.
    pub fn taken(&self, record: &Stored) {
        if self.newest.fetch_max(record.seq, Relaxed) < record.seq {
            let waited = u64::try_from(now_micros() - record.at_micros).unwrap_or(0);
            histogram!(names::MESSAGE_WAIT_SECONDS, "consumer" => NORMALIZER).record(Duration::from_micros(waited));
        }
    }

    /// A delivery's requests are in their mailboxes; a repeat is not counted again.
    pub fn requested(&self, work: &Work, outcomes: &[Outcome]) {
        for (request, outcome) in work.plan.requests.iter().zip(outcomes) {
            if let Outcome::Stored(_) = outcome {
                counter!(names::ROUTE_MATCHES_TOTAL, "agent" => request.agent.to_string()).increment(1);
            }
        }
    }

    /// A delivery's outcome is on the log; a repeat is not counted again.
    pub fn decided(&self, work: &Work, began: Instant, outcomes: &[Outcome]) {
        if !matches!(outcomes, [Outcome::Stored(_)]) {
            return;
        }
        self.filter_errors(work);
        let source = work.source.unwrap_or(UNKNOWN);
        histogram!(names::NORMALIZER_DURATION_SECONDS, "source" => source).record(began.elapsed());
        let result = &work.plan.outcome.result;
        events(work, source);
        match result {
            Normalized::Routed { .. } => {}
            Normalized::Filtered { event, .. } => {
                let event_type = self.event_type(work, event.event_type.as_deref());
                self.ended(work, event_type.clone(), "filtered");
                counter!(
                    names::DELIVERIES_FILTERED_TOTAL,
                    "webhook" => work.webhook.clone(), "source" => source, "event_type" => event_type
                )
                .increment(1);
            }
            // The public statuses know no other word for it.
            Normalized::Unroutable { .. } => self.ended(work, UNKNOWN.into(), "failed"),
        }
    }

    /// What a filter could not answer starts nothing, so somebody must hear of it. What was seen stays out of the log.
    fn filter_errors(&self, work: &Work) {
        let (count, webhook) = (work.plan.filter_errors.len() as u64, &work.webhook);
        if count > 0 {
            counter!(names::FILTER_ERRORS_TOTAL, "webhook" => webhook.clone()).increment(count);
            let delivery = &work.plan.outcome.delivery;
            tracing::warn!(
                delivery.id = %delivery, %webhook,
                "{count} filters of webhook {webhook} could not be answered for {delivery}: `hookwheel check --against {delivery}` explains"
            );
        }
    }

    pub fn done(&self, began: Instant) {
        dealt_with("ack", began);
    }

    pub fn put_back(&self, began: Instant) {
        dealt_with("nak", began);
    }

    pub fn parked(&self, began: Instant, reason: &'static str) {
        counter!(names::DEAD_LETTERS_TOTAL, "consumer" => NORMALIZER, "reason" => reason).increment(1);
        dealt_with("dead_letter", began);
    }

    fn ended(&self, work: &Work, event_type: SharedString, status: &'static str) {
        counter!(
            names::DELIVERIES_TOTAL,
            "webhook" => work.webhook.clone(), "source" => work.source.unwrap_or(UNKNOWN), "event_type" => event_type,
            "status" => status
        )
        .increment(1);
    }

    /// Whoever need not prove who they are may not name a series either.
    fn event_type(&self, work: &Work, event_type: Option<&str>) -> SharedString {
        match event_type {
            None => UNKNOWN.into(),
            Some(_) if !work.verified => OTHER.into(),
            Some(name) => self.event_types.label(name),
        }
    }
}

/// Keeps the gauges fresh that a consumer group would have: what is after the place, what is in hand, whether the first
/// in line is at its second try or later.
pub(crate) async fn watch_depth(shared: Arc<Shared>) {
    let labels = [("stream", DELIVERIES), ("consumer", NORMALIZER)];
    loop {
        if let (Ok(Some(place)), Ok(stream)) = (place::kept(&*shared.log).await, shared.log.stream(DELIVERIES).await) {
            gauge!(names::CONSUMER_PENDING, &labels).set(float(place.behind(&stream)));
            gauge!(names::CONSUMER_ACK_PENDING, &labels).set(float(shared.meters.in_hand.load(Relaxed)));
            gauge!(names::CONSUMER_REDELIVERED, &labels).set(float(u64::from(place.failing.is_some())));
        }
        tokio::time::sleep(DEPTH_EVERY).await;
    }
}

/// Each event of a batch counts; what a batch had too many of is said, for nobody else sees it.
fn events(work: &Work, source: &'static str) {
    let outcome = &work.plan.outcome;
    let all = if outcome.events.is_empty() { std::slice::from_ref(&outcome.result) } else { &outcome.events };
    for result in all {
        let label = outcome_label(result);
        counter!(names::NORMALIZER_EVENTS_TOTAL, "source" => source, "outcome" => label).increment(1);
    }
    if let Some(Normalized::Unroutable { reason }) = outcome.events.last() {
        let (delivery, webhook) = (&outcome.delivery, &work.webhook);
        tracing::warn!(delivery.id = %delivery, %webhook, "delivery {delivery} is a batch and cut short: {reason}");
    }
}

fn outcome_label(result: &Normalized) -> &'static str {
    match result {
        Normalized::Routed { event, .. } if event.event_type.is_none() => "unknown_event",
        Normalized::Routed { .. } => "normalized",
        Normalized::Filtered { clause, .. } if clause == NO_ROUTE => "unmatched",
        Normalized::Filtered { .. } => "filtered",
        Normalized::Unroutable { .. } => "invalid",
    }
}

fn dealt_with(outcome: &'static str, began: Instant) {
    counter!(names::MESSAGES_TOTAL, "consumer" => NORMALIZER, "outcome" => outcome).increment(1);
    histogram!(names::MESSAGE_PROCESSING_SECONDS, "consumer" => NORMALIZER).record(began.elapsed());
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
fn float(count: u64) -> f64 {
    count as f64
}
