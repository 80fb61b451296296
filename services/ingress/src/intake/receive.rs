//! From a whole request to a durable delivery: it ends even when the sender hangs up.

use std::borrow::Cow;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use hookwheel_core::delivery::{Body, DeliveryKey, DeliveryReceived, Proof};
use hookwheel_core::{DeliveryId, Timestamp};
use hookwheel_log::{Append, Blobs};
use hookwheel_proto::record::{self, MAX_INLINE_BODY};
use hookwheel_proto::topology::{DELIVERIES, delivery_subject};
use hookwheel_runtime::failpoint::hit;
use hookwheel_runtime::trace;
use hookwheel_sources::handshake::Answer;
use hookwheel_sources::{Headers, Request, delivery_key, kept_body};
use http::Uri;
use http::request::Parts;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument as _;

use super::answer::{Done, Taken};
use super::body::Whole;
use super::limit::{self, Pass};
use super::refuse::{No, Refused};
use super::to_its_end::ToItsEnd;
use super::{greet, replay};
use crate::batch::{Failed, Fate};
use crate::hooks::Hook;
use crate::shared::Shared;

/// Checking and parsing more bytes than this would hold up other requests, so it is done beside the async workers.
const LARGE_BODY: usize = 256 * 1024;
/// How often the log is asked to store a record before the sender is sent away.
const TRIES: u32 = 3;
/// Pause before the second try; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// A request as read.
struct Received {
    method: String,
    target: Uri,
    headers: Headers,
    body: Bytes,
    at: Timestamp,
}

impl Received {
    /// The URL as the sender knows it.
    fn url(&self, hook: &Hook) -> Cow<'_, str> {
        hook.url(self.target.path_and_query().map_or("", |target| target.as_str()))
    }

    fn request<'a>(&'a self, url: &'a str) -> Request<'a> {
        Request { method: &self.method, url, headers: &self.headers, body: &self.body }
    }

    /// As it may be kept: a secret in the body is blanked.
    fn kept(self, hook: &Hook) -> Self {
        let kept = kept_body(&hook.webhook.auth, hook.source, &self.body);
        Self { body: kept.map_or(self.body, Bytes::from), ..self }
    }
}

/// A request that is believed and means something.
struct Believed {
    proof: Proof,
    key: DeliveryKey,
    /// What a handshake hears once it is stored.
    answer: Option<Answer>,
    /// Whether it would start a run.
    starts: bool,
    received: Received,
}

/// Verifies, stores and says how it went.
pub(super) async fn receive(
    shared: Arc<Shared>,
    hook: Arc<Hook>,
    peer: IpAddr,
    head: Parts,
    body: Whole,
) -> Result<Taken, Refused> {
    let span = tracing::info_span!(
        "receive webhook",
        otel.kind = "server",
        webhook = hook.webhook.slug.as_str(),
        delivery.id = tracing::field::Empty
    );
    trace::add_link(&span, head.headers.get("traceparent").and_then(|v| v.to_str().ok()));
    let tracker = shared.running.clone();
    let work = async move {
        let Whole { bytes, share } = body;
        let received = Received {
            method: head.method.as_str().to_owned(),
            target: head.uri,
            headers: headers(&head.headers),
            body: bytes,
            at: shared.options.clock.now(),
        };
        if let Some(greeted) = greet::by_request(&shared, &hook, peer, &received.request(&received.url(&hook))) {
            return greeted.map_err(|no| Refused::from(no).with(received.headers));
        }
        let mut believed = believe(&hook, received).await?;
        let answer = believed.answer.take();
        hit("ingress.verified");
        let done = store(&shared, &hook, peer, believed).await;
        drop(share);
        hit("ingress.before_response");
        Ok(Taken { done: done?, answer })
    };
    let work = AssertUnwindSafe(work.instrument(span)).catch_unwind();
    ToItsEnd::new(work, tracker).await.unwrap_or(Err(No::Unavailable.into()))
}

pub(super) fn headers(sent: &http::HeaderMap) -> Headers {
    Headers(sent.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect())
}

async fn believe(hook: &Arc<Hook>, received: Received) -> Result<Believed, Refused> {
    if received.body.len() <= LARGE_BODY {
        return check(hook, received);
    }
    let hook = Arc::clone(hook);
    tokio::task::spawn_blocking(move || check(&hook, received)).await.unwrap_or(Err(No::Unavailable.into()))
}

/// Signature first, then meaning: a stranger learns nothing about what we would make of a body.
fn check(hook: &Hook, received: Received) -> Result<Believed, Refused> {
    match judge(hook, &received) {
        Ok((proof, key, answer, starts)) => Ok(Believed { proof, key, answer, starts, received: received.kept(hook) }),
        Err(no) => Err(Refused::from(no).with(received.headers)),
    }
}

fn judge(hook: &Hook, received: &Received) -> Result<(Proof, DeliveryKey, Option<Answer>, bool), No> {
    let url = received.url(hook);
    let request = received.request(&url);
    let (proof, secret) = hook.secrets.verify(&request, received.at).map_err(No::from)?;
    let key = delivery_key(hook.source, &hook.webhook, &request, received.at).map_err(No::Meaningless)?;
    let answer = hook.source.answer(&hook.desk(received.at), secret, &request);
    let starts = answer.is_none() && limit::starts(hook, &request);
    Ok((proof, DeliveryKey::new(&hook.webhook.id, key), answer, starts))
}

async fn store(shared: &Shared, hook: &Hook, peer: IpAddr, believed: Believed) -> Result<Done, No> {
    let deadline = Instant::now() + shared.options.append_timeout;
    let Believed { proof, key, received, starts, .. } = believed;
    if let Some(first) = replay::first_with_body(shared, hook, &received.body, &key, deadline).await? {
        shared.notices.duplicate(&hook.webhook.id, &first, peer);
        return Ok(Done::Replayed { first });
    }
    let pass =
        match limit::enter(shared, hook, starts, &delivery_subject(&hook.webhook.id, &key.hash), deadline).await? {
            Pass::Repeat(first) => {
                shared.notices.duplicate(&hook.webhook.id, &first, peer);
                return Ok(Done::Duplicate { first });
            }
            pass => pass,
        };
    let body_bytes = received.body.len();
    let delivery = DeliveryId::from_uuid_bytes(*uuid::Uuid::now_v7().as_bytes());
    tracing::Span::current().record("delivery.id", delivery.as_str());
    let record = record::delivery_received(&DeliveryReceived {
        delivery: delivery.clone(),
        webhook: hook.webhook.id.clone(),
        source: hook.source.name().to_owned(),
        key,
        received_at: received.at,
        method: received.method,
        headers: received.headers.0.into_iter().filter(|(name, _)| hook.keeps(name)).collect(),
        body: place(shared, received.body, deadline).await?,
        proof,
        snapshot: hook.snapshot.clone(),
        peer: peer.to_string(),
        traceparent: trace::current_traceparent(),
    });
    let fate = append(shared, &delivery, &record, deadline).await?;
    let first = match fate {
        Fate::Stored => delivery.clone(),
        Fate::Known(first) => first,
        Fate::Taken => owner(shared, &record, deadline).await?,
    };
    if first == delivery {
        tracing::debug!(delivery.id = %delivery, "accepted delivery {delivery}");
        return Ok(match pass {
            Pass::Filtered => Done::Filtered { delivery, body_bytes },
            _ => Done::Accepted { delivery, body_bytes },
        });
    }
    if let Pass::Counted(token) = pass {
        shared.limiter.give_back(token).await;
    }
    tracing::debug!(delivery.id = %first, "recognized a repeat of delivery {first}");
    shared.notices.duplicate(&hook.webhook.id, &first, peer);
    Ok(Done::Duplicate { first })
}

/// Keeps a long body as a blob, durable before the record that points to it.
async fn place(shared: &Shared, body: Bytes, deadline: Instant) -> Result<Body, No> {
    if body.len() <= MAX_INLINE_BODY {
        return Ok(Body::Inline(body));
    }
    let size = body.len() as u64;
    let blobs = Blobs::new(Arc::clone(&shared.log));
    match timeout_at(deadline, blobs.put(body)).await {
        Ok(Ok(hash)) => Ok(Body::Blob { sha256: hash.as_str().to_owned(), size }),
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "failed to store a body of {size} bytes: {cause}");
            Err(No::Unavailable)
        }
        Err(_) => Err(No::Unavailable),
    }
}

/// The same record each time, so that it does not matter which try was the one that stored it.
async fn append(shared: &Shared, delivery: &DeliveryId, record: &Append, deadline: Instant) -> Result<Fate, No> {
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=TRIES {
        match timeout_at(deadline, shared.appender.append(delivery.clone(), record.clone())).await {
            Ok(Ok(fate)) => return Ok(fate),
            Ok(Err(Failed { transient: true })) if attempt < TRIES && Instant::now() + pause < deadline => {
                sleep(pause).await;
                pause *= 2;
            }
            _ => break,
        }
    }
    Err(No::Unavailable)
}

/// Whose key it is, read from the log.
async fn owner(shared: &Shared, record: &Append, deadline: Instant) -> Result<DeliveryId, No> {
    let last = timeout_at(deadline, shared.log.last(DELIVERIES, &record.subject)).await.map_err(|_| No::Unavailable)?;
    let first = match last {
        Ok(Some(stored)) => DeliveryId::parse(stored.id).ok(),
        Ok(None) => None,
        Err(cause) => {
            tracing::warn!(%cause, "failed to look up the first delivery of a key: {cause}");
            None
        }
    };
    let first = first.ok_or(No::Unavailable)?;
    shared.appender.remember(record.subject.clone(), first.clone());
    Ok(first)
}
