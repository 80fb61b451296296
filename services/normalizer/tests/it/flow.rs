//! Deliveries on a log that works.

use std::collections::HashMap;

use bytes::Bytes;
use hookwheel_core::delivery::{Body, DeliveryReceived};
use hookwheel_core::event::Normalized;
use hookwheel_core::ids::SnapshotHash;
use hookwheel_core::webhook::SessionMode::{PerDelivery, PerEntity};
use hookwheel_log::Blobs;
use hookwheel_proto::{Fact, kind, record, topology};

use crate::kit::{On, World, delivery, issue, route, snapshot, until};

#[tokio::test(flavor = "multi_thread")]
async fn requests_come_before_wakes_and_wakes_before_outcomes() {
    let world = World::new(snapshot(vec![route("triage", "triager", PerEntity)])).await;
    let delivery = issue(1, 7, &world.snapshot);
    world.receive(std::slice::from_ref(&delivery)).await;
    world.normalize_all().await;

    let facts = world.facts().await;
    let [Fact::RunRequested(request), Fact::Wake(session), Fact::DeliveryOutcome(outcome)] = &facts[..] else {
        panic!("{facts:?}")
    };
    assert_eq!((session, &outcome.delivery), (&request.session, &delivery.delivery));
    assert_eq!(outcome.received_at, delivery.received_at);
    for record in world.records(topology::EVENTS).await {
        assert_eq!(record.header(kind::TRACEPARENT), delivery.traceparent.as_deref());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_has_the_order_of_the_deliveries() {
    let world =
        World::new(snapshot(vec![route("triage", "triager", PerEntity), route("review", "reviewer", PerEntity)])).await;
    let deliveries: Vec<_> = (0..60).map(|n| issue(n, u32::from(n % 3), &world.snapshot)).collect();
    world.receive(&deliveries).await;
    world.normalize_all().await;

    let mut mailboxes: HashMap<_, Vec<_>> = HashMap::new();
    for request in world.requests().await {
        mailboxes.entry(request.session).or_default().push(request.received_at);
    }
    assert_eq!(mailboxes.len(), 6);
    assert!(mailboxes.values().all(|times| times.len() == 20 && times.is_sorted()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_delivery_ends_without_a_run() {
    let mut snapshot = snapshot(vec![route("triage", "triager", PerEntity)]);
    snapshot.webhook.events.allow = vec!["push".into()];
    let world = World::new(snapshot).await;
    world.receive(&[issue(1, 7, &world.snapshot)]).await;
    world.normalize_all().await;
    let facts = world.facts().await;
    assert!(
        matches!(&facts[..], [Fact::DeliveryOutcome(outcome)] if matches!(outcome.result, Normalized::Filtered { .. }))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_a_blob_is_read_from_there() {
    let world = World::new(snapshot(vec![route("triage", "triager", PerDelivery)])).await;
    let mut large = issue(1, 7, &world.snapshot);
    let Body::Inline(body) = &large.body else { panic!() };
    let body: Bytes = [body, " ".repeat(700_000).as_bytes()].concat().into();
    let size = body.len() as u64;
    let sha256 = Blobs::new(world.log.clone()).put(body).await.unwrap().as_str().to_owned();
    large.body = Body::Blob { sha256, size };
    world.receive(&[large]).await;
    world.normalize_all().await;
    assert_eq!(world.requests().await[0].entity.as_ref().unwrap().as_str(), "github:octo/hello:issue:7");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_record_is_parked_and_holds_nobody_up() {
    let world = World::new(snapshot(vec![route("triage", "triager", PerEntity)])).await;
    let mut broken = record::delivery_received(&issue(1, 7, &world.snapshot));
    broken.payload = Bytes::from_static(b"\xff\xff\xff secret-canary");
    world.log.append(broken).await.unwrap();
    world.receive(&[issue(2, 7, &world.snapshot)]).await;
    world.normalize_all().await;

    assert_eq!(world.outcomes().await.len(), 1);
    let parked = world.records(topology::PARKED).await;
    assert_eq!(parked.len(), 1);
    assert!(parked[0].subject.starts_with("hw.parked.normalizer."));
    assert!(!format!("{:?}", parked[0].headers).contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_waits_for_its_configuration() {
    let world = World::new(snapshot(vec![route("triage", "triager", PerEntity)])).await;
    let mut newer = world.snapshot.clone();
    newer.webhook.routes[0].name = "newer".into();
    let waiting = issue(1, 7, &newer);
    assert_eq!(waiting.snapshot, SnapshotHash::of(&newer.to_bytes()));
    world.receive(&[waiting, issue(2, 8, &world.snapshot)]).await;
    let running = world.start_on(world.log.clone()).await;
    until("the other delivery is done", async || world.outcomes().await.len() == 1).await;

    Blobs::new(world.log.clone()).put(newer.to_bytes().into()).await.unwrap();
    world.until_done().await;
    running.stop().await;
    let routes: Vec<_> = world.requests().await.into_iter().map(|request| request.route).collect();
    assert_eq!(routes, ["triage", "newer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_newer_kind_is_left_to_a_newer_version() {
    let world = World::new(snapshot(vec![route("triage", "triager", PerEntity)])).await;
    let mut newer = record::delivery_received(&delivery(1, "issues", "{}".into(), &world.snapshot));
    newer.headers[0].1 = "DeliveryBeamed".into();
    world.log.append(newer).await.unwrap();
    let running = world.start_on(world.log.clone()).await;
    let consumer = world.log.consumer(topology::NORMALIZER).await.unwrap();
    until("it came back", async || consumer.depth().await.unwrap().redelivered == 1).await;
    running.stop().await;
    assert!(world.records(topology::EVENTS).await.is_empty());
    assert!(world.records(topology::PARKED).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn long_batches_are_written_down_whole_and_in_order() {
    long_batches(On::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_batches_are_written_down_on_jetstream_too() {
    long_batches(On::JetStream).await;
}

/// More runs than are written down together, and one delivery with more events than are looked at.
async fn long_batches(on: On) {
    let mut snapshot = snapshot(vec![route("triage", "triager", PerEntity), route("alone", "triager", PerDelivery)]);
    snapshot.webhook.source = "graph".into();
    let world = World::on(on, snapshot).await;
    let deliveries = [notifications(1, 600, &world), notifications(2, 500, &world), notifications(3, 100, &world)];
    world.receive(&deliveries).await;
    world.normalize_all().await;

    let requests: Vec<_> = world.requests().await.into_iter().map(|r| (r.delivery, r.event_index, r.route)).collect();
    let wanted = deliveries.iter().zip([500, 500, 100]).flat_map(|(delivery, events)| {
        let routes =
            |index| ["triage", "alone"].map(|route| (delivery.delivery.clone(), Some(index), route.to_owned()));
        (0..events).flat_map(routes)
    });
    assert_eq!(requests, wanted.collect::<Vec<_>>());
    let outcomes = world.outcomes().await;
    assert_eq!(outcomes.iter().map(|outcome| outcome.events.len()).collect::<Vec<_>>(), [501, 500, 100]);
    let Normalized::Unroutable { reason } = &outcomes[0].events[500] else { panic!() };
    assert!(reason.starts_with("100 of 600 events"), "{reason}");
}

/// A delivery of so many events.
fn notifications(n: u8, count: usize, world: &World) -> DeliveryReceived {
    let item = |at| format!(r#"{{"changeType":"created","resource":"users/u/messages/{at}","subscriptionId":"s"}}"#);
    let items: Vec<_> = (0..count).map(item).collect();
    delivery(n, "", format!(r#"{{"value":[{}]}}"#, items.join(",")).into(), &world.snapshot)
}
