//! What this service counts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookwheel_core::event::Normalized;
use hookwheel_core::filter::NO_ROUTE;
use hookwheel_log::{Consumer, LogError, Outcome, Stored};
use hookwheel_proto::topology::{DELIVERIES, NORMALIZER};
use hookwheel_runtime::clock::now_micros;
use hookwheel_runtime::metrics as names;
use hookwheel_runtime::metrics::label::{Bounded, OTHER};
use metrics::{SharedString, counter, gauge, histogram};
use tokio_util::sync::CancellationToken;

use crate::prepare::Work;

const DEPTH_EVERY: Duration = Duration::from_secs(2);
/// Event types of verified deliveries that get a series of their own.
const EVENT_TYPES: usize = 200;
const UNKNOWN: &str = "unknown";

pub(crate) struct Meters {
    event_types: Bounded,
}

impl Meters {
    pub fn new() -> Self {
        Self { event_types: Bounded::new(EVENT_TYPES) }
    }

    /// A delivery was taken from the log. How long a repeated one lay there says nothing.
    pub fn taken(&self, record: &Stored, attempt: u32) {
        if attempt == 1 {
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

    pub fn acked(&self, began: Instant, result: Result<(), LogError>) {
        lease_ended("ack", began, result);
    }

    pub fn put_back(&self, began: Instant, result: Result<(), LogError>) {
        lease_ended("nak", began, result);
    }

    pub fn parked(&self, began: Instant, reason: &'static str, result: Result<(), LogError>) {
        counter!(names::DEAD_LETTERS_TOTAL, "consumer" => NORMALIZER, "reason" => reason).increment(1);
        lease_ended("dead_letter", began, result);
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

/// Keeps the gauges of the consumer group fresh.
pub(crate) async fn watch_depth(consumer: Arc<dyn Consumer>, stop: CancellationToken) {
    let labels = [("stream", DELIVERIES), ("consumer", NORMALIZER)];
    while !stop.is_cancelled() {
        if let Ok(depth) = consumer.depth().await {
            gauge!(names::CONSUMER_PENDING, &labels).set(float(depth.pending));
            gauge!(names::CONSUMER_ACK_PENDING, &labels).set(float(depth.held));
            gauge!(names::CONSUMER_REDELIVERED, &labels).set(float(depth.redelivered));
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(DEPTH_EVERY) => {}
        }
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

fn lease_ended(outcome: &'static str, began: Instant, result: Result<(), LogError>) {
    counter!(names::MESSAGES_TOTAL, "consumer" => NORMALIZER, "outcome" => outcome).increment(1);
    histogram!(names::MESSAGE_PROCESSING_SECONDS, "consumer" => NORMALIZER).record(began.elapsed());
    if let Err(cause) = result {
        tracing::debug!(%cause, "a delivery's {outcome} was lost and it will come back: {cause}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
fn float(count: u64) -> f64 {
    count as f64
}
