//! The table itself. A row's comment is its help text; a row's constant is its name without the prefix.

use metrics::Unit;

use super::{Kind, Label, Metric, Values};
use Kind::{Counter, Gauge, Histogram};

/// All services in one process.
pub const HOOKWHEEL: &str = "hookwheel";
/// Takes webhooks in.
pub const INGRESS: &str = "ingress";
/// Deliveries to events and run requests.
pub const NORMALIZER: &str = "normalizer";
/// Runs agents.
pub const AGENT_RUNNER: &str = "agent-runner";
/// Log to tables, and the API.
pub const PROJECTOR: &str = "projector";

const EVERYONE: &[&str] = &[INGRESS, NORMALIZER, AGENT_RUNNER, PROJECTOR];
const CONSUMERS: &[&str] = &[NORMALIZER, AGENT_RUNNER];

const FAST: Kind = Histogram(&[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]);
const RUN: Kind = Histogram(&[0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0]);
const E2E: Kind = Histogram(&[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0]);
const SIZE: Kind = Histogram(&[256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262_144.0, 1_048_576.0, 4_194_304.0]);
const COUNT: Kind = Histogram(&[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]);

const fn open(name: &'static str) -> Label {
    Label { name, values: Values::Open }
}

const fn closed(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values: Values::Closed(values) }
}

/// Why ingress refuses a request.
pub const REJECT_REASONS: &[&str] = &[
    "signature_missing",
    "signature_invalid",
    "timestamp_skew",
    "replay_window",
    "body_too_large",
    "bad_content_type",
    "malformed",
    "unknown_webhook",
    "disabled",
    "ip_denied",
    "rate_limited",
    "policy",
];

/// What a secret is to the others of its webhook.
pub const SECRET_STATES: &[&str] = &["current", "next", "previous", "other"];

const WEBHOOK: Label = open("webhook");
const SOURCE: Label = open("source");
const EVENT_TYPE: Label = open("event_type");
const AGENT: Label = open("agent");
const TOOL: Label = open("tool");
const PROVIDER: Label = open("provider");
const MODEL: Label = open("model");
const CONSUMER: Label = open("consumer");
const TERMINAL: Label = closed("status", &["rejected", "deduplicated", "filtered", "completed", "failed"]);
const ENDED: Label = closed("status", &["completed", "failed"]);

macro_rules! table {
    ($($(#[doc = $help:literal])+ $constant:ident = $kind:ident($name:literal, $unit:ident, [$($label:expr),*]) by $by:expr;)+) => {
        $($(#[doc = $help])+ pub const $constant: &str = $name;)+

        /// Every metric, in the order of the documentation.
        pub const TABLE: &[Metric] = &[$(Metric {
            name: $name,
            kind: $kind,
            unit: Unit::$unit,
            help: concat!($($help),+),
            labels: &[$($label),*],
            by: $by,
        }),+];
    };
}

table! {
    /// Deliveries and refused requests, each counted once when it reaches a terminal status.
    DELIVERIES_TOTAL = Counter("webhooks_deliveries_total", Count, [WEBHOOK, SOURCE, EVENT_TYPE, TERMINAL])
        by &[INGRESS, NORMALIZER, AGENT_RUNNER];
    /// Requests refused at the door, by reason.
    DELIVERIES_REJECTED_TOTAL = Counter("webhooks_deliveries_rejected_total", Count, [WEBHOOK, SOURCE, closed("reason", REJECT_REASONS)])
        by &[INGRESS];
    /// Deliveries that a filter stopped or no route wanted.
    DELIVERIES_FILTERED_TOTAL = Counter("webhooks_deliveries_filtered_total", Count, [WEBHOOK, SOURCE, EVENT_TYPE])
        by &[NORMALIZER];
    /// Time from receipt of a delivery to the end of its last run.
    PROCESSING_DURATION_SECONDS = RUN("webhooks_processing_duration_seconds", Seconds, [WEBHOOK, ENDED])
        by &[AGENT_RUNNER];
    /// Tool calls made in answer to deliveries.
    RESPONSE_ACTIONS_TOTAL = Counter("webhooks_response_actions_total", Count, [TOOL, closed("status", &["ok", "error", "denied"])])
        by &[AGENT_RUNNER];
    /// Deliveries refused, and starts of runs put off, because a limit was reached. A run that has to wait more than once
    /// counts each time a free place was asked for in vain.
    RATE_LIMITED_TOTAL = Counter("webhooks_rate_limited_total", Count, [WEBHOOK, closed("scope", &["webhook", "global"])])
        by &[INGRESS, AGENT_RUNNER];
    /// Wakes waiting for a worker or held by one. The same on every replica: aggregate with max.
    WORKER_QUEUE_DEPTH = Gauge("webhooks_worker_queue_depth", Count, [])
        by &[AGENT_RUNNER];

    /// Always 1; the labels say what is running.
    BUILD_INFO = Gauge("hookwheel_build_info", Count, [open("version"), open("revision"), open("service")])
        by EVERYONE;
    /// Whether the broker is connected: 1 or 0. Absent with the embedded log.
    NATS_CONNECTED = Gauge("hookwheel_nats_connected", Count, [])
        by EVERYONE;
    /// Connections to the broker made after the first.
    NATS_RECONNECTS_TOTAL = Counter("hookwheel_nats_reconnects_total", Count, [])
        by EVERYONE;
    /// Records appended to the log, by stream and outcome.
    PUBLISH_TOTAL = Counter("hookwheel_publish_total", Count, [open("stream"), closed("outcome", &["ok", "duplicate", "timeout", "error"])])
        by EVERYONE;
    /// Time of one append call, whether of one record or of a batch, the fsync included.
    PUBLISH_DURATION_SECONDS = FAST("hookwheel_publish_duration_seconds", Seconds, [open("stream")])
        by EVERYONE;
    /// Not yet handed out by the log. The same on every replica: aggregate with max.
    CONSUMER_PENDING = Gauge("hookwheel_consumer_pending", Count, [open("stream"), CONSUMER])
        by CONSUMERS;
    /// Handed out and not yet acknowledged. The same on every replica: aggregate with max.
    CONSUMER_ACK_PENDING = Gauge("hookwheel_consumer_ack_pending", Count, [open("stream"), CONSUMER])
        by CONSUMERS;
    /// Held at their second attempt or later. The same on every replica: aggregate with max.
    CONSUMER_REDELIVERED = Gauge("hookwheel_consumer_redelivered", Count, [open("stream"), CONSUMER])
        by CONSUMERS;
    /// Records a consumer group has dealt with, by how the lease ended.
    MESSAGES_TOTAL = Counter("hookwheel_messages_total", Count, [CONSUMER, closed("outcome", &["ack", "nak", "term", "dead_letter"])])
        by CONSUMERS;
    /// Time from taking a record to the end of its lease.
    MESSAGE_PROCESSING_SECONDS = FAST("hookwheel_message_processing_seconds", Seconds, [CONSUMER])
        by CONSUMERS;
    /// Time a record lay in the log before it was taken.
    MESSAGE_WAIT_SECONDS = E2E("hookwheel_message_wait_seconds", Seconds, [CONSUMER])
        by CONSUMERS;
    /// Records given up on and parked.
    DEAD_LETTERS_TOTAL = Counter("hookwheel_dead_letters_total", Count, [CONSUMER, open("reason")])
        by CONSUMERS;
    /// Pieces of work in hand.
    INFLIGHT = Gauge("hookwheel_inflight", Count, [])
        by &[INGRESS, AGENT_RUNNER];

    /// Intake requests answered, by status code.
    INGRESS_REQUESTS_TOTAL = Counter("hookwheel_ingress_requests_total", Count, [SOURCE, open("code")])
        by &[INGRESS];
    /// Time from the end of the request's head to the answer.
    INGRESS_ACK_DURATION_SECONDS = FAST("hookwheel_ingress_ack_duration_seconds", Seconds, [SOURCE])
        by &[INGRESS];
    /// Size of the bodies taken.
    INGRESS_BODY_BYTES = SIZE("hookwheel_ingress_body_bytes", Bytes, [SOURCE])
        by &[INGRESS];
    /// Repeats of a known delivery.
    INGRESS_DEDUP_HITS_TOTAL = Counter("hookwheel_ingress_dedup_hits_total", Count, [SOURCE])
        by &[INGRESS];
    /// When a webhook last took a delivery, seconds since the Unix epoch.
    INGRESS_LAST_DELIVERY_TIMESTAMP_SECONDS = Gauge("hookwheel_ingress_last_delivery_timestamp_seconds", Seconds, [WEBHOOK])
        by &[INGRESS];
    /// Requests believed, by the state of the secret that proved them; `other` is a further one of a list in the configuration.
    SECRET_USED_TOTAL = Counter("hookwheel_secret_used_total", Count, [WEBHOOK, closed("state", SECRET_STATES)])
        by &[INGRESS];
    /// Number of the sealed secret's version that is accepted in this state; 0 when there is none. Aggregate with min before a sender is switched.
    SECRET_VERSION = Gauge("hookwheel_secret_version", Count, [WEBHOOK, closed("state", &["current", "next", "previous"])])
        by &[INGRESS];
    /// Secrets that cannot be read or opened; requests that may need them are answered 503.
    SECRETS_UNAVAILABLE = Gauge("hookwheel_secrets_unavailable", Count, [WEBHOOK])
        by &[INGRESS];

    /// Deliveries looked at, by what became of them.
    NORMALIZER_EVENTS_TOTAL = Counter("hookwheel_normalizer_events_total", Count, [SOURCE, closed("outcome", &["normalized", "unknown_event", "invalid", "filtered", "unmatched"])])
        by &[NORMALIZER];
    /// Time from taking a delivery to its outcome on the log.
    NORMALIZER_DURATION_SECONDS = FAST("hookwheel_normalizer_duration_seconds", Seconds, [SOURCE])
        by &[NORMALIZER];
    /// Filters that could not be answered for an event, so that it was filtered there.
    FILTER_ERRORS_TOTAL = Counter("hookwheel_filter_errors_total", Count, [WEBHOOK])
        by &[NORMALIZER];
    /// Runs requested.
    ROUTE_MATCHES_TOTAL = Counter("hookwheel_route_matches_total", Count, [AGENT])
        by &[NORMALIZER];

    /// Runs ended, by how.
    AGENT_RUNS_TOTAL = Counter("hookwheel_agent_runs_total", Count, [AGENT, closed("status", &["completed", "failed", "timeout", "cancelled"])])
        by &[AGENT_RUNNER];
    /// Runs this process is driving.
    AGENT_RUNS_ACTIVE = Gauge("hookwheel_agent_runs_active", Count, [AGENT])
        by &[AGENT_RUNNER];
    /// Runs this process drives at most.
    AGENT_RUN_LIMIT = Gauge("hookwheel_agent_run_limit", Count, [])
        by &[AGENT_RUNNER];
    /// Runs that wait for a limit in this process, estimated from when the last of them is due; at most ten minutes' worth.
    /// The webhook is `all` where the limit of all together holds them up.
    AGENT_RUNS_DEFERRED = Gauge("hookwheel_agent_runs_deferred", Count, [WEBHOOK])
        by &[AGENT_RUNNER];
    /// Model turns of ended runs.
    AGENT_RUN_TURNS = COUNT("hookwheel_agent_run_turns", Count, [AGENT])
        by &[AGENT_RUNNER];
    /// Runs taken up again after an earlier worker.
    AGENT_RUN_RESUMES_TOTAL = Counter("hookwheel_agent_run_resumes_total", Count, [closed("reason", &["restart", "redelivery", "manual"])])
        by &[AGENT_RUNNER];
    /// Forgotten sessions that were woken again; anything above zero is worth a look.
    AGENT_SWEEPER_WAKES_TOTAL = Counter("hookwheel_agent_sweeper_wakes_total", Count, [])
        by &[AGENT_RUNNER];
    /// Tool calls, by how they ended.
    TOOL_CALLS_TOTAL = Counter("hookwheel_tool_calls_total", Count, [TOOL, open("outcome")])
        by &[AGENT_RUNNER];
    /// Time of one tool call.
    TOOL_CALL_DURATION_SECONDS = RUN("hookwheel_tool_call_duration_seconds", Seconds, [TOOL])
        by &[AGENT_RUNNER];
    /// Model calls, by how they ended.
    LLM_REQUESTS_TOTAL = Counter("hookwheel_llm_requests_total", Count, [PROVIDER, MODEL, open("outcome")])
        by &[AGENT_RUNNER];
    /// Time of one model call.
    LLM_REQUEST_DURATION_SECONDS = RUN("hookwheel_llm_request_duration_seconds", Seconds, [PROVIDER, MODEL])
        by &[AGENT_RUNNER];
    /// Tokens read and written by models; cached ones are also counted as input.
    LLM_TOKENS_TOTAL = Counter("hookwheel_llm_tokens_total", Count, [PROVIDER, MODEL, closed("direction", &["input", "output", "cached"])])
        by &[AGENT_RUNNER];

    /// Records read for the tables: applied, skipped (nothing for the tables, or a kind this version does not know), or failed (unreadable).
    PROJECTOR_EVENTS_TOTAL = Counter("hookwheel_projector_events_total", Count, [closed("outcome", &["applied", "skipped", "failed"])])
        by &[PROJECTOR];
    /// Records of one batch.
    PROJECTOR_BATCH_ROWS = COUNT("hookwheel_projector_batch_rows", Count, [])
        by &[PROJECTOR];
    /// Time to apply one batch.
    PROJECTOR_BATCH_DURATION_SECONDS = FAST("hookwheel_projector_batch_duration_seconds", Seconds, [])
        by &[PROJECTOR];
    /// Time from the log's receipt of a record to its row. Muted while rebuilding.
    PROJECTOR_FRESHNESS_SECONDS = E2E("hookwheel_projector_freshness_seconds", Seconds, [])
        by &[PROJECTOR];
    /// When a batch was last applied, seconds since the Unix epoch.
    PROJECTOR_LAST_APPLIED_TIMESTAMP_SECONDS = Gauge("hookwheel_projector_last_applied_timestamp_seconds", Seconds, [])
        by &[PROJECTOR];
    /// 1 while the tables are being built from the start of the log.
    PROJECTOR_REBUILDING = Gauge("hookwheel_projector_rebuilding", Count, [])
        by &[PROJECTOR];
    /// API requests answered.
    HTTP_REQUESTS_TOTAL = Counter("hookwheel_http_requests_total", Count, [open("route"), open("method"), open("code")])
        by &[PROJECTOR];
    /// Time of one API request.
    HTTP_REQUEST_DURATION_SECONDS = FAST("hookwheel_http_request_duration_seconds", Seconds, [open("route"), open("method")])
        by &[PROJECTOR];
}
