//! Small traces of requests that made no delivery: every duplicate while there is room, the others as samples.
//!
//! They never delay an answer: the line is bounded, and what does not fit is dropped (the counters count it anyway).
//! Of a rejection they keep when, why, from where and which headers were there; never a header's value or the body.

mod sample;

use std::net::IpAddr;
use std::sync::Arc;

use hookwheel_core::delivery::{Notice, NoticeKind};
use hookwheel_core::{DeliveryId, Timestamp, WebhookId};
use hookwheel_log::Log;
use hookwheel_proto::record;
use tokio::sync::mpsc;

use crate::hooks::Hook;
use crate::intake::Refused;
use sample::Samples;

/// How many may wait in line.
const WAITING: usize = 1024;
/// Most in one batch.
const MAX_RECORDS: usize = 128;
/// Most names of headers in one, and the longest one kept whole, characters.
const MAX_NAMES: usize = 32;
const MAX_NAME: usize = 48;
/// What an answered handshake is sampled and recorded as.
const HANDSHAKE: &str = "handshake";

/// The way in.
pub(crate) struct Notices {
    line: mpsc::Sender<Notice>,
    samples: Samples,
}

/// The one task that writes them.
pub(crate) struct Writer {
    log: Arc<dyn Log>,
    line: mpsc::Receiver<Notice>,
}

/// The two ends.
pub(crate) fn notices(log: Arc<dyn Log>) -> (Notices, Writer) {
    let (sender, line) = mpsc::channel(WAITING);
    (Notices { line: sender, samples: Samples::default() }, Writer { log, line })
}

impl Notices {
    /// A repeat of this delivery came.
    pub(crate) fn duplicate(&self, webhook: &WebhookId, first: &DeliveryId, peer: IpAddr) {
        self.send(Notice { delivery: Some(first.clone()), ..blank(webhook, NoticeKind::Duplicate, "duplicate", peer) });
    }

    /// An unsigned handshake was answered.
    pub(crate) fn greeted(&self, hook: &Hook, peer: IpAddr) {
        let webhook = &hook.webhook.id;
        if let Some(more) = self.samples.take(webhook, HANDSHAKE) {
            self.send(Notice { more, ..blank(webhook, NoticeKind::Handshake, HANDSHAKE, peer) });
        }
    }

    /// A request to a known webhook was refused. Requests to no webhook are only counted.
    pub(crate) fn rejected(&self, refused: &Refused, peer: IpAddr) {
        let (Some(hook), Some(reason)) = (refused.hook.as_deref(), refused.no.reason()) else { return };
        let (webhook, rule) = (&hook.webhook.id, refused.no.rule());
        let Some(more) = self.samples.take(webhook, rule) else { return };
        let headers = refused.headers.0.iter().take(MAX_NAMES).map(|(name, _)| name.chars().take(MAX_NAME).collect());
        let (rule, headers) = (rule.to_owned(), headers.collect());
        self.send(Notice { rule, headers, more, ..blank(webhook, NoticeKind::Rejected, reason, peer) });
        tracing::info!(
            webhook = hook.webhook.slug.as_str(),
            source = hook.source.name(),
            reason,
            more,
            "refused a request to {}: {reason}",
            hook.webhook.slug
        );
    }

    fn send(&self, notice: Notice) {
        let _ = self.line.try_send(notice);
    }
}

fn blank(webhook: &WebhookId, kind: NoticeKind, reason: &str, peer: IpAddr) -> Notice {
    Notice {
        webhook: webhook.clone(),
        kind,
        delivery: None,
        reason: reason.to_owned(),
        at: Timestamp::from_micros(hookwheel_runtime::clock::now_micros()),
        peer: peer.to_string(),
        rule: String::new(),
        headers: Vec::new(),
        more: 0,
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
