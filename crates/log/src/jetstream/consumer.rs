//! Members of a consumer group: pull, lend, take back.

use std::time::Duration;

use async_nats::Subject;
use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::api::{call, pause};
use super::append::append;
use super::link::{Link, TRY_WITHIN};
use super::pull::{Delivered, delivered, pull};
use super::wire::Wire;
use crate::{Consumer, ConsumerDepth, ConsumerSpec, Held, Lease, LogError, Stored, parked};

/// A member of a durable group that the provisioning step has made.
#[derive(Debug, Clone)]
pub(super) struct Member {
    link: Link,
    spec: ConsumerSpec,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    num_pending: u64,
    #[serde(default)]
    num_ack_pending: u64,
    #[serde(default)]
    num_redelivered: u64,
}

impl Member {
    /// Binds, if the group is there.
    pub async fn bind(link: Link, spec: ConsumerSpec) -> Result<Self, LogError> {
        let member = Self { link, spec };
        member.info().await?;
        Ok(member)
    }

    async fn info(&self) -> Result<Info, LogError> {
        let what = format!("CONSUMER.INFO.{}.{}", self.spec.stream, self.spec.name);
        let info = call::<Info>(&self.link, &what, &json!({})).await?;
        info.map_err(|error| error.about(&format!("consumer {} of stream {}", self.spec.name, self.spec.stream)))
    }

    /// Lends a record, unless it has had its attempts: then it is parked.
    async fn lend(&self, delivered: Delivered) -> Option<Held> {
        let Delivered { record, attempt, reply, .. } = delivered;
        let origin = Stored { headers: Vec::new(), payload: Bytes::new(), ..record.clone() };
        let loan = Loan { link: self.link.clone(), consumer: self.spec.name, origin, reply };
        if self.spec.max_attempts.is_none_or(|max| attempt <= max) {
            return Some(Held { record, attempt, lease: Box::new(loan) });
        }
        let (seq, stream, consumer) = (record.seq, &record.stream, self.spec.name);
        match loan.park(parked::TOO_MANY_ATTEMPTS).await {
            Ok(()) => tracing::warn!(
                consumer, %stream, seq, attempt,
                "parked record {seq} of {stream}: consumer {consumer} has handed it out too often"
            ),
            // It comes back after its lease, and is parked then.
            Err(error) => tracing::warn!(
                consumer, %stream, seq, attempt, %error,
                "could not park record {seq} of {stream} for consumer {consumer} yet: {error}"
            ),
        }
        None
    }
}

#[async_trait]
impl Consumer for Member {
    async fn fetch(&self, max: usize, wait: Duration) -> Result<Vec<Held>, LogError> {
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let pulled = pull(&self.link, self.spec.stream, self.spec.name, max, left).await?;
            let mut lent = Vec::with_capacity(pulled.messages.len());
            for message in pulled.messages {
                lent.extend(self.lend(delivered(message)?).await);
            }
            if !lent.is_empty() || Instant::now() >= deadline {
                return Ok(lent);
            }
            if pulled.broken && pause(deadline, LogError::Timeout(wait)).await.is_err() {
                return Ok(lent);
            }
        }
    }

    async fn depth(&self) -> Result<ConsumerDepth, LogError> {
        let info = self.info().await?;
        Ok(ConsumerDepth { pending: info.num_pending, held: info.num_ack_pending, redelivered: info.num_redelivered })
    }
}

/// A record's lease. Acknowledgements are plain messages: a lost one is a redelivery, and that is harmless (T11). The
/// rare words that end a lease otherwise wait for the broker's nod, so that what follows them finds them done.
struct Loan {
    link: Link,
    consumer: &'static str,
    /// The record, without its bytes.
    origin: Stored,
    /// Where to say what becomes of it.
    reply: Subject,
}

impl Loan {
    async fn say(&self, word: impl Into<Bytes>) -> Result<(), LogError> {
        self.link.send(self.reply.clone(), word.into()).await
    }

    async fn insist(&self, word: impl Into<Bytes>) -> Result<(), LogError> {
        let deadline = Instant::now() + TRY_WITHIN;
        self.link.request(self.reply.clone(), None, word.into(), deadline).await?;
        Ok(())
    }
}

#[async_trait]
impl Lease for Loan {
    async fn ack(&self) -> Result<(), LogError> {
        self.say("+ACK").await
    }

    async fn nak(&self, delay: Duration) -> Result<(), LogError> {
        if delay.is_zero() {
            return self.insist("-NAK").await;
        }
        self.insist(format!("-NAK {}", json!({ "delay": u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX) }))).await
    }

    async fn progress(&self) -> Result<(), LogError> {
        self.say("+WPI").await
    }

    async fn park(&self, reason: &str) -> Result<(), LogError> {
        note(&self.link, self.consumer, &self.origin, reason).await?;
        self.insist("+TERM").await
    }
}

/// Keeps the note of a record that is given up.
pub(super) async fn note(link: &Link, consumer: &str, record: &Stored, reason: &str) -> Result<(), LogError> {
    let note = parked::note(consumer, record, reason)?;
    append(link, parked::STREAM, &Wire::own(note), false).await.map(drop)
}
