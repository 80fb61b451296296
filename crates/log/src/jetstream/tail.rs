//! Following a stream: a short-lived consumer that is built anew whenever something may have been missed.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::api::{call, pause};
use super::link::Link;
use super::pull::{delivered, pull};
use super::read::pattern;
use crate::{LogError, Seq, Stored, SubjectFilter, Tail};

/// The broker forgets a consumer that nobody pulled from for so long.
const FORGET_AFTER: Duration = Duration::from_secs(120);

/// A reader's place in a stream.
pub(super) struct Follower {
    link: Link,
    stream: String,
    filter: SubjectFilter,
    /// Only positions and subjects are wanted.
    headers_only: bool,
    /// The next position to hand out.
    next: Seq,
    consumer: Option<Bound>,
}

/// The consumer of the moment.
struct Bound {
    name: String,
    /// Messages it has sent us; a message with another number means that some were missed.
    sent: Seq,
}

#[derive(Deserialize)]
struct Created {
    name: String,
}

impl Follower {
    /// Begins at a position, which need not exist yet.
    pub fn new(link: Link, stream: &str, filter: SubjectFilter, from: Seq) -> Self {
        Self { link, stream: stream.into(), filter, headers_only: false, next: from.max(1), consumer: None }
    }

    /// Leaves the payloads out.
    pub fn headers_only(self) -> Self {
        Self { headers_only: true, ..self }
    }

    async fn bind(&mut self) -> Result<String, LogError> {
        if let Some(bound) = &self.consumer {
            return Ok(bound.name.clone());
        }
        let name = format!("tail-{:016x}", rand::random::<u64>());
        let config = json!({
            "name": name,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": self.next,
            "ack_policy": "none",
            "replay_policy": "instant",
            "filter_subject": pattern(&self.filter),
            "headers_only": self.headers_only,
            "inactive_threshold": u64::try_from(FORGET_AFTER.as_nanos()).unwrap_or(u64::MAX),
            "num_replicas": 1,
            "mem_storage": true,
        });
        let body = json!({ "stream_name": self.stream, "config": config, "action": "create" });
        let what = format!("CONSUMER.CREATE.{}.{name}", self.stream);
        let created = call::<Created>(&self.link, &what, &body).await?;
        let created = created.map_err(|error| error.about(&format!("stream {}", self.stream)))?;
        self.consumer = Some(Bound { name: created.name.clone(), sent: 0 });
        Ok(created.name)
    }

    async fn once(&mut self, max: usize, wait: Duration) -> Result<Vec<Stored>, LogError> {
        let consumer = self.bind().await?;
        // Until the answer is read in full, the consumer may have sent what never reached us: also when this future is
        // dropped half-way.
        let sent = self.consumer.take().map_or(0, |bound| bound.sent);
        let pulled = match pull(&self.link, &self.stream, &consumer, max, wait).await {
            Err(LogError::Missing(_)) => return Ok(Vec::new()),
            pulled => pulled?,
        };
        let mut bound = Bound { name: consumer, sent };
        let mut records = Vec::with_capacity(pulled.messages.len());
        let mut whole = !pulled.broken;
        for message in pulled.messages {
            let delivered = delivered(message)?;
            if delivered.consumer_seq != bound.sent + 1 {
                whole = false;
                break;
            }
            bound.sent += 1;
            self.next = delivered.record.seq + 1;
            records.push(delivered.record);
        }
        if whole {
            self.consumer = Some(bound);
        }
        Ok(records)
    }
}

#[async_trait]
impl Tail for Follower {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Stored>, LogError> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let records = self.once(max, left).await?;
            if !records.is_empty() || Instant::now() >= deadline {
                return Ok(records);
            }
            // A consumer that fell with its server is found out at once: don't ask in a tight circle.
            if self.consumer.is_none() && pause(deadline, LogError::Timeout(wait)).await.is_err() {
                return Ok(records);
            }
        }
    }
}
