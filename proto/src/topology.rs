//! Streams, consumers and buckets of hookwheel, and the subjects of every record.

use std::time::Duration;

use hookwheel_core::ids::{DeliveryId, RunId, SessionId, WebhookId};
use hookwheel_core::limit::Scope;
use hookwheel_log::{BucketSpec, ConsumerSpec, Layout, Lookup, Retention, StreamSpec, Subject, SubjectFilter};

/// Deliveries as received; the deduplication horizon is this stream's age.
pub const DELIVERIES: &str = "DELIVERIES";
/// Duplicates and sampled rejections; bounded, oldest dropped.
pub const NOTICES: &str = "NOTICES";
/// Outcomes of deliveries, session mailboxes, wakes.
pub const EVENTS: &str = "EVENTS";
/// Journals of runs.
pub const RUNS: &str = "RUNS";
/// Content-addressed blobs.
pub const BLOBS: &str = "BLOBS";
/// Records a consumer gave up on.
pub const PARKED: &str = "PARKED";

/// The normalizer, where what it does is named: its key in PLACES and in LEASES, its parked records. It follows
/// DELIVERIES from a place of its own.
pub const NORMALIZER: &str = "normalizer";
/// The agent-runner's group on wakes.
pub const AGENT_RUNNER: &str = "agent-runner";

/// Webhook snapshots under `webhook.<public id>`, the versions of their sealed secrets under `secret.<public id>`.
pub const CONFIG: &str = "CONFIG";
/// Session leases and other short-lived claims.
pub const LEASES: &str = "LEASES";
/// How far followers have come that keep their own place.
pub const PLACES: &str = "PLACES";

/// What limits have granted, and bodies that were taken.
pub const LIMITS: &str = "LIMITS";

/// How many wake subjects there are.
pub const WAKE_SHARDS: u32 = 16;

const DAY: Duration = Duration::from_secs(24 * 3600);
const NOTICES_BYTES: u64 = 64 * 1024 * 1024;

/// How long things are kept and how they are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Deduplication horizon: DELIVERIES, and EVENTS and BLOBS with it. At least 72 h.
    pub deliveries: Duration,
    /// Journals.
    pub runs: Duration,
    /// A delivery or a wake comes back after this long without progress.
    pub ack_wait: Duration,
}

impl Default for Keep {
    fn default() -> Self {
        Self { deliveries: 7 * DAY, runs: 30 * DAY, ack_wait: Duration::from_secs(30) }
    }
}

/// The layout that `provision` creates and every service binds to.
pub fn layout(keep: Keep) -> Layout {
    let kept = |name, prefixes: &[&str], max_age| StreamSpec {
        name,
        under: prefixes.iter().map(|p| fixed(p)).collect(),
        lookup: Lookup::Prefix,
        retention: Retention::Keep { max_age, max_bytes: None },
    };
    Layout {
        streams: vec![
            StreamSpec { lookup: Lookup::Exact, ..kept(DELIVERIES, &["hw.delivery"], keep.deliveries) },
            StreamSpec {
                name: NOTICES,
                under: vec![fixed("hw.notice")],
                lookup: Lookup::Prefix,
                retention: Retention::Rolling { max_bytes: NOTICES_BYTES },
            },
            kept(EVENTS, &["hw.event", "hw.session", "hw.wake"], keep.runs),
            kept(RUNS, &["hw.run"], keep.runs),
            kept(BLOBS, &["hw.blob"], keep.runs),
            kept(PARKED, &["hw.parked"], keep.runs),
        ],
        consumers: vec![ConsumerSpec {
            name: AGENT_RUNNER,
            stream: EVENTS,
            filter: SubjectFilter::Under(fixed("hw.wake")),
            ack_wait: keep.ack_wait,
            max_attempts: None,
            max_held: 20_000,
        }],
        buckets: vec![
            BucketSpec { name: CONFIG },
            BucketSpec { name: LEASES },
            BucketSpec { name: LIMITS },
            BucketSpec { name: PLACES },
        ],
    }
}

/// Where a delivery is received: `hw.delivery.<webhook>.<key hash>`.
pub fn delivery_subject(webhook: &WebhookId, key_hash: &str) -> Subject {
    subject(format!("hw.delivery.{webhook}.{key_hash}"))
}

/// Where its outcome is: `hw.event.<delivery>`.
pub fn event_subject(delivery: &DeliveryId) -> Subject {
    subject(format!("hw.event.{delivery}"))
}

/// A session's mailbox: everything under `hw.session.<session>`.
pub fn mailbox(session: &SessionId) -> Subject {
    subject(format!("hw.session.{session}"))
}

/// A request in it: `hw.session.<session>.<run>`.
pub fn request_subject(session: &SessionId, run: &RunId) -> Subject {
    subject(format!("hw.session.{session}.{run}"))
}

/// Where a session's wakes go: `hw.wake.<shard>`.
pub fn wake_subject(session: &SessionId) -> Subject {
    let sum: u32 = session.as_str().bytes().map(u32::from).sum();
    subject(format!("hw.wake.{}", sum % WAKE_SHARDS))
}

/// A run's journal: `hw.run.<run>`.
pub fn run_subject(run: &RunId) -> Subject {
    subject(format!("hw.run.{run}"))
}

/// Where a notice goes: `hw.notice.<webhook>.<kind>`.
pub fn notice_subject(webhook: &WebhookId, kind: &str) -> Subject {
    subject(format!("hw.notice.{webhook}.{kind}"))
}

/// LIMITS' key of the ledger of a webhook, or of all together.
pub fn ledger_key(scope: Scope, webhook: &WebhookId) -> String {
    match scope {
        Scope::Webhook => format!("ledger.{webhook}"),
        Scope::Global => "ledger.global".into(),
    }
}

/// LIMITS' key of a body that a webhook took; the digest is of its bytes.
pub fn body_key(webhook: &WebhookId, digest: &str) -> String {
    format!("body.{webhook}.{digest}")
}

/// CONFIG's key of a webhook.
pub fn webhook_key(webhook: &WebhookId) -> String {
    format!("webhook.{webhook}")
}

/// CONFIG's key of a webhook's sealed secret.
pub fn secret_key(webhook: &WebhookId) -> String {
    format!("secret.{webhook}")
}

fn fixed(text: &str) -> Subject {
    subject(text.to_owned())
}

/// Every id is made of subject-safe characters, so this cannot fail for the callers above.
#[expect(clippy::expect_used, reason = "ids are checked where they enter; a failure here is a bug in this file")]
fn subject(text: String) -> Subject {
    Subject::new(text).expect("subjects are made of checked ids")
}
