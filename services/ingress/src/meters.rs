//! What ingress counts. Handles are looked up once per webhook, for the hot path has no time for it.

use std::time::Duration;

use hookwheel_core::limit::Scope;
use hookwheel_runtime::metrics::{
    DELIVERIES_REJECTED_TOTAL, DELIVERIES_TOTAL, INGRESS_ACK_DURATION_SECONDS, INGRESS_BODY_BYTES,
    INGRESS_DEDUP_HITS_TOTAL, INGRESS_LAST_DELIVERY_TIMESTAMP_SECONDS, INGRESS_REQUESTS_TOTAL, RATE_LIMITED_TOTAL,
};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// What stands for a webhook or a source that is not ours.
const UNKNOWN: &str = "unknown";
/// The event type of what was not looked into.
const OTHER: &str = "other";

/// The meters of one webhook.
pub(crate) struct HookMeters {
    slug: String,
    source: &'static str,
    accepted: Counter,
    duplicate: Counter,
    dedup_hits: Counter,
    deduplicated: Counter,
    ack_seconds: Histogram,
    body_bytes: Histogram,
    last_delivery: Gauge,
}

impl HookMeters {
    pub(crate) fn new(slug: &str, source: &'static str) -> Self {
        let labels = [("webhook", slug.to_owned()), ("source", source.to_owned())];
        let [webhook_label, source_label] = &labels;
        let status = |status: &'static str| counter!(DELIVERIES_TOTAL, "webhook" => slug.to_owned(), "source" => source, "event_type" => OTHER, "status" => status);
        status("rejected").increment(0); // there from the start, so that the first one is an increase
        for scope in [Scope::Webhook, Scope::Global] {
            counter!(RATE_LIMITED_TOTAL, "webhook" => slug.to_owned(), "scope" => scope.as_str()).increment(0);
        }
        Self {
            slug: slug.to_owned(),
            source,
            accepted: requests(source, "202"),
            duplicate: requests(source, "200"),
            dedup_hits: counter!(INGRESS_DEDUP_HITS_TOTAL, std::slice::from_ref(source_label)),
            deduplicated: status("deduplicated"),
            ack_seconds: histogram!(INGRESS_ACK_DURATION_SECONDS, std::slice::from_ref(source_label)),
            body_bytes: histogram!(INGRESS_BODY_BYTES, std::slice::from_ref(source_label)),
            last_delivery: gauge!(INGRESS_LAST_DELIVERY_TIMESTAMP_SECONDS, std::slice::from_ref(webhook_label)),
        }
    }

    /// A new delivery is stored and its sender told.
    #[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
    pub(crate) fn accepted(&self, body_bytes: usize, took: Duration, now_micros: i64) {
        self.accepted.increment(1);
        self.body_bytes.record(body_bytes as f64);
        self.ack_seconds.record(took);
        self.last_delivery.set(now_micros as f64 / 1e6);
    }

    /// An unsigned handshake was answered.
    pub(crate) fn greeted(&self) {
        requests(self.source, "200").increment(1);
    }

    /// A sender was told to come back later.
    pub(crate) fn limited(&self, scope: Scope) {
        counter!(RATE_LIMITED_TOTAL, "webhook" => self.slug.clone(), "scope" => scope.as_str()).increment(1);
    }

    /// A repeat was recognized.
    pub(crate) fn duplicate(&self, took: Duration) {
        self.duplicate.increment(1);
        self.dedup_hits.increment(1);
        self.deduplicated.increment(1);
        self.ack_seconds.record(took);
    }
}

/// A request was refused with this status; `reason` where it counts as a rejected delivery.
pub(crate) fn refused(hook: Option<&HookMeters>, status: u16, reason: Option<&'static str>) {
    let (slug, source) = hook.map_or((UNKNOWN, UNKNOWN), |meters| (meters.slug.as_str(), meters.source));
    requests(source, &status.to_string()).increment(1);
    let Some(reason) = reason else { return };
    counter!(DELIVERIES_REJECTED_TOTAL, "webhook" => slug.to_owned(), "source" => source, "reason" => reason)
        .increment(1);
    counter!(DELIVERIES_TOTAL, "webhook" => slug.to_owned(), "source" => source, "event_type" => OTHER, "status" => "rejected")
        .increment(1);
}

/// A request ended without an answer: its sender hung up.
pub(crate) fn aborted() {
    requests(UNKNOWN, "aborted").increment(1);
}

/// A connection was closed because no whole head came in time.
pub(crate) fn cut_off() {
    requests(UNKNOWN, "408").increment(1);
}

fn requests(source: &'static str, code: &str) -> Counter {
    counter!(INGRESS_REQUESTS_TOTAL, "source" => source, "code" => code.to_owned())
}
