//! Deliveries on a log that works.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hookwheel_core::delivery::{Body, DeliveryReceived};
use hookwheel_core::event::Normalized;
use hookwheel_core::ids::SnapshotHash;
use hookwheel_core::webhook::SessionMode::{PerDelivery, PerEntity};
use hookwheel_log::Blobs;
use hookwheel_proto::{Fact, kind, record, topology};
use serde_json::{Value, json};

use crate::kit::{On, World, delivery, issue, route, snapshot, until};
use crate::rough::{Fault, Rough};

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
async fn deliveries_wait_in_line_behind_one_without_its_configuration() {
    let world = World::new(snapshot(vec![route("triage", "triager", PerEntity)])).await;
    let mut newer = world.snapshot.clone();
    newer.webhook.routes[0].name = "newer".into();
    let waiting = issue(2, 7, &newer);
    assert_eq!(waiting.snapshot, SnapshotHash::of(&newer.to_bytes()));
    world.receive(&[issue(1, 7, &world.snapshot), waiting, issue(3, 8, &world.snapshot)]).await;
    let running = world.start_on(world.log.clone()).await;
    until("the second has failed", async || world.place().await["failing"]["seq"] == 2).await;
    assert_eq!((world.place().await["seq"].clone(), world.outcomes().await.len()), (1.into(), 1));

    Blobs::new(world.log.clone()).put(newer.to_bytes().into()).await.unwrap();
    world.until_done().await;
    running.stop().await;
    let routes: Vec<_> = world.requests().await.into_iter().map(|request| request.route).collect();
    assert_eq!(routes, ["triage", "newer", "triage"]);
    assert_eq!(world.place().await["failing"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_newer_kind_is_tried_eight_times_over_all_crashes_and_then_parked() {
    let world = World::new(snapshot(vec![route("triage", "triager", PerEntity)])).await;
    let mut newer = record::delivery_received(&delivery(1, "issues", "{}".into(), &world.snapshot));
    newer.headers[0].1 = "DeliveryBeamed".into();
    world.log.append(newer).await.unwrap();
    world.receive(&[issue(2, 7, &world.snapshot)]).await;

    let tries = async || world.place().await["failing"]["tries"].as_u64();
    let doomed = world.start_on(world.log.clone()).await;
    until("it was tried", async || tries().await >= Some(1)).await;
    doomed.kill().await;
    let before = tries().await;
    let running = world.start_on(world.log.clone()).await;
    until("it was tried again", async || tries().await > before).await;
    running.stop().await;
    assert!(world.records(topology::EVENTS).await.is_empty());
    assert!(world.records(topology::PARKED).await.is_empty());

    let mut place = world.place().await;
    place["failing"]["tries"] = 7.into();
    world.set_place(place).await;
    world.normalize_all().await;
    let parked = world.records(topology::PARKED).await;
    assert_eq!(parked.len(), 1);
    let reason = parked[0].header("Hw-Log-Reason").unwrap();
    assert!(reason.starts_with("attempt limit reached; last: a record of kind DeliveryBeamed"), "{reason}");
    assert_eq!((parked[0].subject.as_str(), world.outcomes().await.len()), ("hw.parked.normalizer.1", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_ends_every_process_is_soon_the_first_in_line_and_parked() {
    let world = World::new(snapshot(vec![route("triage", "triager", PerEntity)])).await;
    let deliveries: Vec<_> = (1..=5).map(|n| issue(n, 7, &world.snapshot)).collect();
    world.receive(&deliveries).await;
    let place = async || {
        let place = world.place().await;
        (place["seq"].as_u64(), place["lives"].as_u64())
    };
    // The first one is done, three records of the next two are stored.
    let doomed = world.start_on(Rough::new(world.log.clone(), Fault::DieAfter(Arc::new(6.into())))).await;
    until("it has died", async || world.records(topology::EVENTS).await.len() == 6).await;
    doomed.kill().await;
    assert_eq!(place().await, (Some(1), None));
    for life in 1..=2 {
        let doomed = world.start_on(Rough::new(world.log.clone(), Fault::DieAfter(Arc::new(0.into())))).await;
        until("it is counted", async || place().await == (Some(1), Some(life))).await;
        doomed.kill().await;
    }
    let mut worn = world.place().await;
    worn["lives"] = 16.into();
    world.set_place(worn).await;
    world.normalize_all().await;
    let parked = world.records(topology::PARKED).await;
    assert_eq!(parked.iter().map(|note| note.subject.as_str()).collect::<Vec<_>>(), ["hw.parked.normalizer.2"]);
    assert_eq!((place().await, world.outcomes().await.len()), ((Some(5), None), 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_another_stream_stops_it_until_an_operator_decides() {
    for word in ["made again", "lost records", "another version"] {
        let world = World::new(snapshot(vec![route("triage", "triager", PerEntity)])).await;
        let incarnation = world.log.stream(topology::DELIVERIES).await.unwrap().incarnation;
        let place = match word {
            "made again" => json!({ "incarnation": "other", "seq": 0 }),
            "lost records" => json!({ "incarnation": incarnation, "seq": 7 }),
            _ => json!({ "version": 2 }),
        };
        world.set_place(place).await;
        world.receive(&[issue(1, 7, &world.snapshot)]).await;
        let running = world.start_on(world.log.clone()).await;
        let failing = || running.readiness.failing();
        until(word, async || failing().iter().any(|(name, why)| name == "place" && why.contains(word))).await;
        assert!(world.records(topology::EVENTS).await.is_empty());

        let places = world.log.bucket(topology::PLACES).await.unwrap();
        let kept = places.get(topology::NORMALIZER).await.unwrap().unwrap();
        places.remove(topology::NORMALIZER, kept.revision).await.unwrap();
        world.until_done().await;
        assert_eq!((world.outcomes().await.len(), failing()), (1, vec![]));
        running.stop().await;
    }
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
