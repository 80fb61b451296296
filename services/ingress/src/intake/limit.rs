//! The limit of webhooks that send senders away. Those that defer are not counted here: their runs are, where they start.
//!
//! What would start nothing uses up nothing: the filters are asked first, and a repeat gives its token back. Over the limit a
//! repeat is still answered as one.

use hookwheel_core::DeliveryId;
use hookwheel_core::filter;
use hookwheel_core::limit::Scope;
use hookwheel_limit::{Closed, Scoped, Taken, Token};
use hookwheel_log::Subject;
use hookwheel_proto::topology::{DELIVERIES, ledger_key};
use hookwheel_sources::{Reading, Request, text};
use tokio::time::{Instant, timeout_at};

use super::refuse::No;
use crate::hooks::Hook;
use crate::shared::Shared;

/// How a delivery stands to the limit.
pub(super) enum Pass {
    /// Nothing counts it here.
    Uncounted,
    /// It will start nothing.
    Filtered,
    /// Counted, unless it turns out to be a repeat.
    Counted(Token),
    /// Over the limit, and a repeat of this delivery.
    Repeat(DeliveryId),
}

/// Whether the delivery would start a run. True without a look where nobody wants to know.
pub(super) fn starts(hook: &Hook, request: &Request<'_>) -> bool {
    if !hook.webhook.gate.limits.rejects() {
        return true;
    }
    let text = text(request);
    let reading = Reading::new(request.headers, &text);
    let events = hook.source.events(&hook.webhook, request);
    events.iter().any(|event| {
        let decision = filter::decide(&hook.webhook, &reading.view(hook.source, event));
        decision.taken().is_ok_and(|routes| !routes.is_empty())
    })
}

/// Counts a delivery that is about to be stored under this subject.
pub(super) async fn enter(
    shared: &Shared,
    hook: &Hook,
    starts: bool,
    subject: &Subject,
    deadline: Instant,
) -> Result<Pass, No> {
    let limits = hook.webhook.gate.limits;
    if !limits.rejects() {
        return Ok(Pass::Uncounted);
    }
    if !starts {
        return Ok(Pass::Filtered);
    }
    let (scopes, scoped): (Vec<_>, Vec<_>) =
        limits.set().map(|(scope, limit)| (scope, Scoped { key: ledger_key(scope, &hook.webhook.id), limit })).unzip();
    match timeout_at(deadline, shared.limiter.take(&scoped)).await {
        Ok(Ok(Taken::Token(token))) => Ok(Pass::Counted(token)),
        Ok(Ok(Taken::Closed(closed))) => refuse(shared, hook, subject, scopes[closed.which], closed, deadline).await,
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "failed to count a delivery: {cause}");
            Err(No::Unavailable)
        }
        Err(_) => Err(No::Unavailable),
    }
}

async fn refuse(
    shared: &Shared,
    hook: &Hook,
    subject: &Subject,
    scope: Scope,
    closed: Closed,
    deadline: Instant,
) -> Result<Pass, No> {
    if let Some(first) = first(shared, subject, deadline).await? {
        return Ok(Pass::Repeat(first));
    }
    hook.meters.limited(scope);
    let wait = closed.until.since(shared.options.clock.now());
    let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
    Err(No::Limited { retry_after: seconds.max(1) })
}

/// The delivery that has this subject, if one has.
pub(super) async fn first(shared: &Shared, subject: &Subject, deadline: Instant) -> Result<Option<DeliveryId>, No> {
    if let Some(first) = shared.appender.known(subject) {
        return Ok(Some(first));
    }
    match timeout_at(deadline, shared.log.last(DELIVERIES, subject)).await {
        Ok(Ok(stored)) => Ok(stored.and_then(|stored| DeliveryId::parse(stored.id).ok())),
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "failed to look up the first delivery of a key: {cause}");
            Err(No::Unavailable)
        }
        Err(_) => Err(No::Unavailable),
    }
}
