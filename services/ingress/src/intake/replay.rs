//! The replay guard: a body that was taken before is a repeat, whatever delivery key it comes with this time.
//!
//! For senders whose signature covers the body and not the delivery's id: whoever recorded one request could send it again
//! under a new id. The first key that brings a body owns it for as long as repeats are recognised.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use hookwheel_core::delivery::DeliveryKey;
use hookwheel_core::ids::digest;
use hookwheel_core::{DeliveryId, Timestamp};
use hookwheel_log::{LogError, Swap};
use hookwheel_proto::topology::{Keep, LIMITS, body_key, delivery_subject};
use tokio::time::{Instant, timeout_at};

use super::limit;
use super::refuse::No;
use crate::hooks::Hook;
use crate::shared::Shared;

/// What clocks may differ by, beside the time that an append may take.
const MARGIN: Duration = Duration::from_secs(5);

/// The delivery that brought this body under another key, if one did. Otherwise the body is this key's from now on.
pub(super) async fn first_with_body(
    shared: &Shared,
    hook: &Hook,
    body: &Bytes,
    key: &DeliveryKey,
    deadline: Instant,
) -> Result<Option<DeliveryId>, No> {
    if !hook.webhook.gate.replay_guard {
        return Ok(None);
    }
    let place = body_key(&hook.webhook.id, &digest(&[body]));
    let now = shared.options.clock.now();
    let claimed = bounded(deadline, claim(shared, &place, &key.hash, now)).await?;
    let Claim::Theirs { owner, since, revision } = claimed else { return Ok(None) };
    if let Some(first) = limit::first(shared, &delivery_subject(&hook.webhook.id, &owner), deadline).await? {
        return Ok(Some(first));
    }
    // Nothing was stored under that key. It may be about to be; later it was given up, and nothing is repeated.
    if now.since(since) < shared.options.append_timeout + MARGIN {
        return Err(No::Unavailable);
    }
    match bounded(deadline, take_over(shared, &place, &key.hash, now, revision)).await? {
        Swap::Done(_) => Ok(None),
        Swap::Lost => Err(No::Unavailable),
    }
}

async fn bounded<T>(deadline: Instant, work: impl Future<Output = Result<T, LogError>>) -> Result<T, No> {
    match timeout_at(deadline, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "failed to claim a body: {cause}");
            Err(No::Unavailable)
        }
        Err(_) => Err(No::Unavailable),
    }
}

enum Claim {
    Ours,
    Theirs { owner: String, since: Timestamp, revision: u64 },
}

async fn claim(shared: &Shared, place: &str, key: &str, now: Timestamp) -> Result<Claim, LogError> {
    let bucket = shared.log.bucket(LIMITS).await?;
    if let Swap::Done(_) = bucket.create(place, value(key, now), Some(kept())).await? {
        return Ok(Claim::Ours);
    }
    let Some(entry) = bucket.get(place).await? else {
        return Err(LogError::unavailable("a claim went while it was read"));
    };
    let text = String::from_utf8_lossy(&entry.value);
    let (owner, since) = text.split_once(' ').unwrap_or((&text, ""));
    if owner == key {
        return Ok(Claim::Ours);
    }
    let since = Timestamp::from_micros(since.parse().unwrap_or_default());
    Ok(Claim::Theirs { owner: owner.to_owned(), since, revision: entry.revision })
}

async fn take_over(shared: &Shared, place: &str, key: &str, now: Timestamp, revision: u64) -> Result<Swap, LogError> {
    shared.log.bucket(LIMITS).await?.update(place, value(key, now), revision, Some(kept())).await
}

/// Whose it is and since when.
fn value(key: &str, now: Timestamp) -> Bytes {
    Bytes::from(format!("{key} {}", now.micros()))
}

fn kept() -> Duration {
    Keep::default().deliveries
}
