//! Folding: whatever happens in between, the rows come out the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use hookwheel_core::Timestamp;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_projector::{Options, rebuild};
use hookwheel_proto::topology::{self, CONFIG, DELIVERIES, EVENTS, LEASES, RUNS};
use hookwheel_store::{
    Applied, Batch, Checkpoint, DeliveryDetail, DeliveryFilter, DeliveryRow, NoticeRow, Page, PageRequest, RunDetail,
    RunFilter, RunRow, Store, StoreError, WebhookRow,
};

use crate::kit::{Projector, Wheel, nonsense, tell, until};

#[tokio::test(flavor = "multi_thread")]
async fn every_stream_becomes_rows_and_nonsense_stops_nothing() {
    let wheel = Wheel::new().await;
    let projector = wheel.start().await;
    let run = tell(&wheel, 1).await;
    nonsense(&wheel, "a").await;
    tell(&wheel, 2).await;
    wheel.until_folded(&*wheel.store).await;

    let page = PageRequest { limit: 10, cursor: None };
    let deliveries = wheel.store.deliveries(&DeliveryFilter::default(), &page).await.unwrap();
    assert_eq!(deliveries.items.len(), 2);
    assert!(deliveries.items.iter().all(|row| row.state == "completed" && row.runs == 1));
    assert_eq!(deliveries.items[0].duplicates, 1);
    let run = wheel.store.run(run.as_str()).await.unwrap().unwrap();
    assert_eq!((run.row.state.as_str(), run.steps.len(), run.scripted), ("completed", 3, true));
    assert_eq!(wheel.store.notices(None, None, 10).await.unwrap().len(), 2);
    projector.until_ready().await;
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_killed_around_any_batch_leaves_the_same_rows() {
    let wheel = Wheel::new().await;
    for n in 0..8 {
        tell(&wheel, n).await;
    }
    nonsense(&wheel, "a").await;
    let expected = wheel.undisturbed().await;

    for after in [false, true] {
        for nth in [1, 4] {
            let store = wheel.store.clone();
            store.reset().await.unwrap();
            let dying = Arc::new(Dying { inner: store.clone(), nth, after, batches: AtomicU32::new(0) });
            let first = wheel.start_with(dying.clone(), Options::default()).await;
            until("the fatal batch", async || dying.batches.load(Ordering::SeqCst) >= nth).await;
            first.kill().await;

            let second = wheel.start().await;
            wheel.until_folded(&*store).await;
            second.stop().await;
            let place = if after { "after" } else { "before" };
            assert_eq!(store.fingerprint().await.unwrap(), expected, "killed {place} batch {nth}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_reset_under_a_running_projector_come_back_the_same() {
    let wheel = Wheel::new().await;
    let projector = wheel.start().await;
    for n in 0..5 {
        tell(&wheel, n).await;
    }
    wheel.until_folded(&*wheel.store).await;
    let live = wheel.store.fingerprint().await.unwrap();

    rebuild(&*wheel.store).await.unwrap();
    assert_ne!(wheel.store.fingerprint().await.unwrap(), live);
    wheel.until_folded(&*wheel.store).await;
    assert_eq!(wheel.store.fingerprint().await.unwrap(), live);

    rebuild(&*wheel.store).await.unwrap();
    tell(&wheel, 5).await; // arrives before the projector has noticed: must leave no hole
    wheel.until_folded(&*wheel.store).await;
    assert_eq!(wheel.store.fingerprint().await.unwrap(), wheel.undisturbed().await);
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_the_one_in_the_tables_halts_alone_until_a_rebuild() {
    let wheel = Wheel::new().await;
    tell(&wheel, 1).await;
    let stream = RUNS.to_owned();
    let foreign = Batch { stream, incarnation: "another".into(), after: 0, changes: vec![], upto: 1 };
    assert_eq!(wheel.store.apply(foreign).await.unwrap(), Applied::New(0));

    let projector = wheel.start().await;
    projector.until_failing("projector.RUNS", "hookwheel projector rebuild").await;
    let deliveries = async || wheel.store.checkpoint(DELIVERIES).await.unwrap();
    until("the other streams go on", async || deliveries().await.is_some()).await;

    rebuild(&*wheel.store).await.unwrap();
    projector.until_ready().await;
    wheel.until_folded(&*wheel.store).await;
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_set_back_is_noticed() {
    let wheel = Wheel::new().await;
    let incarnation = wheel.log.stream(EVENTS).await.unwrap().incarnation;
    let ahead = Batch { stream: EVENTS.to_owned(), incarnation, after: 0, changes: vec![], upto: 99 };
    wheel.store.apply(ahead).await.unwrap();
    let projector = wheel.start().await;
    projector.until_failing("projector.EVENTS", "the log was set back").await;
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_projectors_one_works_and_the_other_takes_over_when_it_dies() {
    let wheel = Wheel::new().await;
    let first = wheel.start().await;
    tell(&wheel, 1).await;
    wheel.until_folded(&*wheel.store).await;
    let held = wheel.log.bucket(LEASES).await.unwrap().get("projector").await.unwrap().unwrap();

    let second: Projector = wheel.start().await;
    second.until_ready().await;
    first.kill().await;
    tell(&wheel, 2).await;
    wheel.until_folded(&*wheel.store).await;
    let still = wheel.log.bucket(LEASES).await.unwrap().get("projector").await.unwrap();
    assert_eq!(still.map(|entry| entry.value), Some(held.value), "it did not wait for the dead one's lease to run out");
    assert_eq!(wheel.store.fingerprint().await.unwrap(), wheel.undisturbed().await);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhooks_follow_config() {
    let wheel = Wheel::new().await;
    let projector = wheel.start().await;
    let config = wheel.log.bucket(CONFIG).await.unwrap();
    let snapshot = snapshot("repo-bot");
    let key = topology::webhook_key(&snapshot.webhook.id);
    config.put(&key, Bytes::from(snapshot.to_bytes()), None).await.unwrap();
    config.put("webhook.broken", Bytes::from_static(b"{"), None).await.unwrap();
    let slugs = async || {
        let rows = wheel.store.webhooks().await.unwrap();
        rows.into_iter().map(|row| row.slug).collect::<Vec<_>>()
    };
    until("the webhook is listed", async || slugs().await == ["repo-bot"]).await;
    let revision = config.get(&key).await.unwrap().unwrap().revision;
    config.remove(&key, revision).await.unwrap();
    until("the webhook is gone", async || slugs().await.is_empty()).await;
    projector.stop().await;
}

pub fn snapshot(slug: &str) -> Snapshot {
    use hookwheel_core::webhook::{Auth, Webhook};
    let webhook = Webhook {
        id: crate::kit::webhook(),
        slug: slug.parse().unwrap(),
        enabled: true,
        source: "github".into(),
        auth: Auth::None,
        secrets: vec![],
        events: Default::default(),
        max_body: 1024,
        entity_pointers: vec![],
        delivery_key: None,
        public_base_url: None,
        public_path: None,
        verify_token: None,
        pairing_until: None,
        gate: Default::default(),
        routes: vec![],
    };
    Snapshot { webhook, agents: Default::default(), models: Default::default() }
}

/// Tables whose `nth` batch is the last thing that ever happens in the process, before or after it is applied.
struct Dying {
    inner: Arc<dyn Store>,
    nth: u32,
    after: bool,
    batches: AtomicU32,
}

#[async_trait]
impl Store for Dying {
    async fn apply(&self, batch: Batch) -> Result<Applied, StoreError> {
        let turn = self.batches.fetch_add(1, Ordering::SeqCst) + 1;
        if turn < self.nth {
            return self.inner.apply(batch).await;
        }
        if turn == self.nth && self.after {
            self.inner.apply(batch).await?;
        }
        std::future::pending().await
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        self.inner.migrate().await
    }
    async fn checkpoint(&self, stream: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.inner.checkpoint(stream).await
    }
    async fn set_webhooks(&self, webhooks: &[Snapshot]) -> Result<(), StoreError> {
        self.inner.set_webhooks(webhooks).await
    }
    async fn reset(&self) -> Result<(), StoreError> {
        self.inner.reset().await
    }
    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.prune(before).await
    }
    async fn deliveries(&self, filter: &DeliveryFilter, page: &PageRequest) -> Result<Page<DeliveryRow>, StoreError> {
        self.inner.deliveries(filter, page).await
    }
    async fn delivery(&self, id: &str) -> Result<Option<DeliveryDetail>, StoreError> {
        self.inner.delivery(id).await
    }
    async fn runs(&self, filter: &RunFilter, page: &PageRequest) -> Result<Page<RunRow>, StoreError> {
        self.inner.runs(filter, page).await
    }
    async fn run(&self, id: &str) -> Result<Option<RunDetail>, StoreError> {
        self.inner.run(id).await
    }
    async fn webhooks(&self) -> Result<Vec<WebhookRow>, StoreError> {
        self.inner.webhooks().await
    }
    async fn notices(
        &self,
        webhook: Option<&str>,
        kind: Option<&str>,
        limit: u32,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        self.inner.notices(webhook, kind, limit).await
    }
    async fn fingerprint(&self) -> Result<String, StoreError> {
        self.inner.fingerprint().await
    }
}
