//! Small traces of requests that made no delivery: every duplicate while there is room, rejections as samples.
//!
//! They never delay an answer: the line is bounded, and what does not fit is dropped (the counters count it anyway).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hookwheel_core::delivery::{Notice, NoticeKind};
use hookwheel_core::{DeliveryId, Timestamp, WebhookId};
use hookwheel_log::Log;
use hookwheel_proto::record;
use tokio::sync::mpsc;

use crate::hooks::Hook;

/// How many may wait in line.
const WAITING: usize = 1024;
/// Most in one batch.
const MAX_RECORDS: usize = 128;
/// One rejection of a webhook and reason is kept per so long.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// The way in.
pub(crate) struct Notices {
    line: mpsc::Sender<Notice>,
    /// When a rejection was last kept, by webhook and reason; both are closed sets.
    sampled: Mutex<HashMap<(WebhookId, &'static str), Instant>>,
}

/// The one task that writes them.
pub(crate) struct Writer {
    log: Arc<dyn Log>,
    line: mpsc::Receiver<Notice>,
}

/// The two ends.
pub(crate) fn notices(log: Arc<dyn Log>) -> (Notices, Writer) {
    let (sender, line) = mpsc::channel(WAITING);
    (Notices { line: sender, sampled: Mutex::default() }, Writer { log, line })
}

impl Notices {
    /// A repeat of this delivery came.
    pub(crate) fn duplicate(&self, webhook: &WebhookId, first: &DeliveryId, peer: IpAddr) {
        self.send(webhook, NoticeKind::Duplicate, Some(first.clone()), "duplicate", peer);
    }

    /// A request to a known webhook was refused. Requests to no webhook are only counted.
    pub(crate) fn rejected(&self, hook: Option<&Hook>, reason: Option<&'static str>, peer: IpAddr) {
        let (Some(hook), Some(reason)) = (hook, reason) else { return };
        if self.is_due(&hook.webhook.id, reason) {
            self.send(&hook.webhook.id, NoticeKind::Rejected, None, reason, peer);
            tracing::info!(
                webhook = hook.webhook.slug.as_str(),
                source = hook.source.name(),
                reason,
                "refused a request to {}: {reason}",
                hook.webhook.slug
            );
        }
    }

    fn is_due(&self, webhook: &WebhookId, reason: &'static str) -> bool {
        let now = Instant::now();
        let mut sampled = self.sampled.lock().unwrap_or_else(PoisonError::into_inner);
        match sampled.get(&(webhook.clone(), reason)) {
            Some(last) if now.duration_since(*last) < SAMPLE_EVERY => false,
            _ => {
                sampled.insert((webhook.clone(), reason), now);
                true
            }
        }
    }

    fn send(&self, webhook: &WebhookId, kind: NoticeKind, delivery: Option<DeliveryId>, reason: &str, peer: IpAddr) {
        let at = Timestamp::from_micros(hookwheel_runtime::clock::now_micros());
        let (webhook, reason, peer) = (webhook.clone(), reason.to_owned(), peer.to_string());
        let _ = self.line.try_send(Notice { webhook, kind, delivery, reason, at, peer });
    }
}

impl Writer {
    /// Runs until nobody can send any more.
    pub(crate) async fn run(mut self) {
        let mut waiting = Vec::with_capacity(MAX_RECORDS);
        while self.line.recv_many(&mut waiting, MAX_RECORDS).await > 0 {
            let records = waiting.drain(..).map(|n| record::notice(&n, &uuid::Uuid::now_v7().to_string())).collect();
            if let Err(cause) = self.log.append_batch(records).await {
                tracing::debug!(%cause, "dropped notices: {cause}");
            }
        }
    }
}
