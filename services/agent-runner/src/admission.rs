//! Whether a run may start yet. Over the limit of its webhook, or of all webhooks, it waits in its mailbox: nothing is written,
//! its wake comes back when there may be room, and runs behind it in the session stay behind it.
//!
//! Those who wait come back one after the other at the pace of the limit, so a backlog of any length costs a look at a
//! mailbox for each place that comes free, and no more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hookwheel_core::ids::WebhookId;
use hookwheel_core::limit::{Scope, WINDOW};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::time::Timestamp;
use hookwheel_core::webhook::Webhook;
use hookwheel_limit::{Closed, Limiter, Scoped, Taken};
use hookwheel_log::{Bucket, LogError};
use hookwheel_proto::topology;
use tokio_util::sync::CancellationToken;

use crate::service::Ports;
use crate::shared::Shared;
use crate::telemetry;

/// How long a webhook's limits are believed before CONFIG is asked again.
const FRESH: Duration = Duration::from_secs(5);
/// Longest time a wake is away, so that a limit that was raised is noticed.
const LONGEST: Duration = Duration::from_secs(600);
const SHORTEST: Duration = Duration::from_millis(10);
const WATCH_EVERY: Duration = Duration::from_secs(2);
/// Stands for all webhooks together.
const ALL: &str = "all";

/// The limits of this process's runs.
pub(crate) struct Admission {
    limiter: Limiter,
    config: Arc<dyn Bucket>,
    rules: Mutex<HashMap<WebhookId, (Instant, Arc<Rule>)>>,
    /// By ledger: who waits for it.
    lines: Mutex<HashMap<String, Line>>,
}

/// Those who wait for one limit in this process.
#[derive(Default)]
struct Line {
    /// The webhook's slug, or [`ALL`].
    name: String,
    /// When the last of them comes back.
    last: Timestamp,
    /// How long after the one before.
    apart: Duration,
}

/// What a webhook's runs are counted against.
#[derive(Default)]
struct Rule {
    slug: String,
    scopes: Vec<Scope>,
    scoped: Vec<Scoped>,
}

impl Admission {
    pub fn new(ports: &Ports, config: Arc<dyn Bucket>) -> Self {
        let limiter = Limiter::new(Arc::clone(&ports.log), topology::LIMITS, Arc::clone(&ports.clock));
        Self { limiter, config, rules: Mutex::default(), lines: Mutex::default() }
    }
}

/// How long the run has to wait, if that is known without asking for its place.
pub(crate) async fn closed(shared: &Shared, request: &RunRequested) -> Result<Option<Duration>, LogError> {
    let rule = rule(shared, request).await?;
    Ok(shared.admission.limiter.closed(&rule.scoped).map(|closed| stand_in_line(shared, &rule, closed)))
}

/// Takes the run's place under its limits; how long it has to wait if there is none.
pub(crate) async fn enter(shared: &Shared, request: &RunRequested) -> Result<Option<Duration>, LogError> {
    let rule = rule(shared, request).await?;
    if rule.scoped.is_empty() {
        return Ok(None);
    }
    Ok(match shared.admission.limiter.take(&rule.scoped).await? {
        Taken::Token(_) => None,
        Taken::Closed(closed) => {
            telemetry::deferred(&rule.slug, rule.scopes[closed.which].as_str());
            Some(stand_in_line(shared, &rule, closed))
        }
    })
}

/// Whether runs of this webhook are waiting for a limit, in any process.
pub(crate) async fn is_pressed(shared: &Shared, request: &RunRequested) -> Result<bool, LogError> {
    let rule = rule(shared, request).await?;
    shared.admission.limiter.is_pressed(&rule.scoped).await
}

/// A place behind all who wait for the same limit in this process. They come back a tenth faster than places come free: a
/// place that nobody takes is lost, and one who comes in vain only stands in line once more.
fn stand_in_line(shared: &Shared, rule: &Rule, closed: Closed) -> Duration {
    let (now, Scoped { key, limit }) = (shared.now(), &rule.scoped[closed.which]);
    let mut lines = shared.admission.lines.lock().unwrap_or_else(PoisonError::into_inner);
    let line = lines.entry(key.clone()).or_default();
    if line.last < now {
        tracing::info!(webhook = rule.slug, ledger = key, "runs wait: {limit} have started within a minute");
    }
    line.apart = WINDOW * 9 / 10 / (*limit).max(1);
    line.name = if rule.scopes[closed.which] == Scope::Webhook { rule.slug.clone() } else { ALL.to_owned() };
    let due = closed.until.max(line.last.plus(line.apart));
    if due.since(now) > LONGEST {
        return LONGEST;
    }
    line.last = due;
    due.since(now).max(SHORTEST)
}

/// Keeps the gauges of those who wait fresh.
pub(crate) async fn watch(shared: Arc<Shared>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let now = shared.now();
        for line in shared.admission.lines.lock().unwrap_or_else(PoisonError::into_inner).values() {
            telemetry::waiting(&line.name, line.last.since(now).div_duration_f64(line.apart));
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(WATCH_EVERY) => {}
        }
    }
}

/// The limits in force now, which need not be those of the run's own configuration: whoever lowers a limit means it.
async fn rule(shared: &Shared, request: &RunRequested) -> Result<Arc<Rule>, LogError> {
    let rules = &shared.admission.rules;
    let known = rules.lock().unwrap_or_else(PoisonError::into_inner).get(&request.webhook).cloned();
    if let Some((_, rule)) = known.filter(|(since, _)| since.elapsed() < FRESH) {
        return Ok(rule);
    }
    let current = shared.admission.config.get(&topology::webhook_key(&request.webhook)).await?;
    let rule = Arc::new(match current.and_then(|entry| Snapshot::from_bytes(&entry.value).ok()) {
        Some(snapshot) => Rule::of(&snapshot.webhook),
        None => {
            shared.snapshots.get(&request.snapshot).await.map_or_else(|_| Rule::default(), |s| Rule::of(&s.webhook))
        }
    });
    let mut rules = rules.lock().unwrap_or_else(PoisonError::into_inner);
    rules.insert(request.webhook.clone(), (Instant::now(), Arc::clone(&rule)));
    Ok(rule)
}

impl Rule {
    /// Nothing, if ingress counts this webhook's deliveries.
    fn of(webhook: &Webhook) -> Self {
        let limits = webhook.gate.limits;
        let set: Vec<_> = limits.set().filter(|_| limits.defers()).collect();
        let scoped =
            |(scope, limit): &(Scope, u32)| Scoped { key: topology::ledger_key(*scope, &webhook.id), limit: *limit };
        Self {
            slug: webhook.slug.to_string(),
            scoped: set.iter().map(scoped).collect(),
            scopes: set.into_iter().map(|(scope, _)| scope).collect(),
        }
    }
}
