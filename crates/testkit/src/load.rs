//! Load: many connections, each with one request under way, every answer written down.
//!
//! The load is closed (the next request of a connection waits for the answer to the last) and bounded (it ends with
//! its requests). The requests are made before the clock starts.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::rawsocket;
use crate::sender::Sender;

/// A request as bytes, and the delivery key it carries.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The sender's own id of the delivery.
    pub key: String,
    /// Head and body.
    pub bytes: Bytes,
}

/// What to send, where, and how hard.
#[derive(Debug, Clone)]
pub struct Load {
    /// Replicas; connections are spread over them.
    pub targets: Vec<SocketAddr>,
    /// Each is sent until it is answered with a 2xx, in this order.
    pub requests: Arc<Vec<Prepared>>,
    /// Connections, and so requests at once.
    pub connections: usize,
    /// How often a request is sent at most; 1 sends each once.
    pub attempts: u32,
    /// An answer that takes longer is lost.
    pub patience: Duration,
}

/// How one sending ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// 200 or 202, with the delivery's id.
    Ok {
        /// 200 or 202.
        status: u16,
        /// `delivery_id` of the answer; empty when the answer had none.
        delivery: String,
    },
    /// Another status: not stored.
    Failed(u16),
    /// No answer: nobody knows.
    Indeterminate,
}

/// One sending.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Place of the request in the load.
    pub request: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// From the first byte out to the last byte in.
    pub took: Duration,
}

/// Everything that happened.
#[derive(Debug, Clone)]
pub struct Report {
    /// Every sending, in no particular order.
    pub sent: Vec<Sent>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
}

impl Report {
    /// Answers with a 2xx.
    pub fn ok(&self) -> usize {
        self.sent.iter().filter(|s| matches!(s.outcome, Outcome::Ok { .. })).count()
    }

    /// 2xx a second.
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub fn rate(&self) -> f64 {
        self.ok() as f64 / self.elapsed.as_secs_f64()
    }

    /// The time within which this share (0 to 1) of the 2xx came.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    pub fn quantile(&self, share: f64) -> Duration {
        let ok = self.sent.iter().filter(|s| matches!(s.outcome, Outcome::Ok { .. }));
        let mut took: Vec<Duration> = ok.map(|s| s.took).collect();
        took.sort_unstable();
        let at = (took.len().saturating_sub(1) as f64 * share).round() as usize;
        took.get(at).copied().unwrap_or_default()
    }
}

/// Distinct genuinely signed GitHub deliveries of about 2 KB, for the seeds `from..from + count`.
pub fn github(secret: &str, path: &str, from: u64, count: u64) -> anyhow::Result<Vec<Prepared>> {
    let sender = Sender::new("github", secret)?;
    let prepared = (from..from + count).map(|seed| {
        let signed = sender.sample(seed);
        let key = signed.header("x-github-delivery").unwrap_or_default().to_owned();
        Prepared { key, bytes: signed.to_bytes(path).into() }
    });
    Ok(prepared.collect())
}

impl Load {
    /// Sends everything.
    pub async fn run(self) -> anyhow::Result<Report> {
        anyhow::ensure!(!self.targets.is_empty(), "a load needs a target");
        let started = Instant::now();
        let load = Arc::new(self);
        let next = Arc::new(AtomicUsize::new(0));
        let mut connections = JoinSet::new();
        for n in 0..load.connections {
            connections.spawn(Line::new(Arc::clone(&load), n).run(Arc::clone(&next)));
        }
        let mut sent = Vec::with_capacity(load.requests.len());
        while let Some(line) = connections.join_next().await {
            sent.extend(line.context("a connection's task failed")?);
        }
        Ok(Report { sent, elapsed: started.elapsed() })
    }
}

/// One connection's work.
struct Line {
    load: Arc<Load>,
    target: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    sent: Vec<Sent>,
}

impl Line {
    fn new(load: Arc<Load>, n: usize) -> Self {
        let target = load.targets[n % load.targets.len()];
        Self { load, target, stream: None, buffer: Vec::with_capacity(4096), sent: Vec::new() }
    }

    async fn run(mut self, next: Arc<AtomicUsize>) -> Vec<Sent> {
        let mut again = VecDeque::new();
        loop {
            let (request, attempt) = match again.pop_front() {
                Some(retry) => retry,
                None => (next.fetch_add(1, Ordering::Relaxed), 1),
            };
            let Some(prepared) = self.load.requests.get(request) else { return self.sent };
            let bytes = prepared.bytes.clone();
            let started = Instant::now();
            let outcome = self.send(&bytes).await;
            let ok = matches!(outcome, Outcome::Ok { .. });
            self.sent.push(Sent { request, outcome, took: started.elapsed() });
            if !ok && attempt < self.load.attempts {
                // The other side may be starting again; a pause keeps this from spinning.
                tokio::time::sleep(Duration::from_millis(50)).await;
                again.push_back((request, attempt + 1));
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Outcome {
        let patience = self.load.patience;
        match timeout(patience, self.exchange(bytes)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => {
                self.stream = None;
                Outcome::Indeterminate
            }
        }
    }

    async fn exchange(&mut self, bytes: &[u8]) -> anyhow::Result<Outcome> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            empty => {
                let stream = TcpStream::connect(self.target).await?;
                stream.set_nodelay(true)?;
                empty.insert(stream)
            }
        };
        self.buffer.clear();
        stream.write_all(bytes).await?;
        loop {
            anyhow::ensure!(stream.read_buf(&mut self.buffer).await? > 0, "closed");
            let Some((answer, _)) = rawsocket::parse(&self.buffer, false)? else { continue };
            if answer.header("connection") == Some("close") {
                self.stream = None;
            }
            return Ok(match answer.status {
                status @ (200 | 202) => {
                    let delivery = answer.json()["delivery_id"].as_str().unwrap_or_default().to_owned();
                    Outcome::Ok { status, delivery }
                }
                status => Outcome::Failed(status),
            });
        }
    }
}
