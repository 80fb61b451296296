//! Crashes between any two records, lost acknowledgements, outages: the log looks as if nothing had happened.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use hookwheel_core::event::{DeliveryOutcome, Normalized};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::SessionMode::{PerDelivery, PerEntity};
use hookwheel_proto::{Fact, topology};
use serde_json::Value;

use crate::kit::{On, World, issue, route, snapshot, until};
use crate::rough::{Fault, Rough};

/// Three deliveries with two routes each: six requests, six wakes, three outcomes.
const DELIVERIES: u8 = 3;
const RECORDS: usize = 15;

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_any_record_is_repaired_by_the_next_normalizer() {
    crashes_are_repaired(On::Embedded, 0..RECORDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_repaired_on_jetstream_too() {
    crashes_are_repaired(On::JetStream, [4, 9, 14]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_was_set_back_repeats_deliveries_and_stores_nothing_new() {
    repeats_are_harmless(On::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_was_set_back_is_harmless_on_jetstream_too() {
    repeats_are_harmless(On::JetStream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_waited_out_without_using_up_tries() {
    let world = start(On::Embedded).await;
    let rough = Rough::new(Arc::clone(&world.log), Fault::away(5));
    let running = world.start_on(rough.clone()).await;
    world.until_done().await;
    running.stop().await;
    assert_eq!(world.place().await["failing"], Value::Null);
    assert_eq!(contents(&world).await, undisturbed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_during_an_outage_leaves_the_deliveries_to_the_next() {
    let world = start(On::Embedded).await;
    let rough = Rough::new(Arc::clone(&world.log), Fault::AwayForGood);
    let running = world.start_on(rough.clone()).await;
    until("it has tried again", async || rough.seen.appends.load(SeqCst) >= 2).await;
    running.stop().await;
    assert_eq!((world.stream_len().await, world.place().await["seq"].clone()), (0, 0.into()));
    world.normalize_all().await;
    assert_eq!(contents(&world).await.1.len(), usize::from(DELIVERIES));
}

async fn crashes_are_repaired(on: On, places: impl IntoIterator<Item = usize>) {
    let wanted = undisturbed().await;
    assert_eq!((wanted.0.len(), wanted.1.len()), (6, 3));
    for survived in places {
        let world = start(on).await;
        let left = Arc::new(AtomicUsize::new(survived));
        let doomed = world.start_on(Rough::new(Arc::clone(&world.log), Fault::DieAfter(Arc::clone(&left)))).await;
        until("it has died", async || left.load(SeqCst) == 0 && world.stream_len().await == survived).await;
        doomed.kill().await;
        world.normalize_all().await;
        assert_eq!(contents(&world).await, wanted, "after {survived} records on {on:?}");
    }
}

async fn repeats_are_harmless(on: On) {
    let world = start(on).await;
    world.normalize_all().await;
    world.set_back().await;
    let next = Rough::new(Arc::clone(&world.log), Fault::Nothing);
    let running = world.start_on(next.clone()).await;
    world.until_done().await;
    running.stop().await;
    assert!(next.seen.appends.load(SeqCst) >= 3);
    assert_eq!(world.requests().await.len() + world.outcomes().await.len(), next.seen.repeats.load(SeqCst));
    assert_eq!(contents(&world).await, undisturbed().await);
}

/// What the log holds when nothing goes wrong.
async fn undisturbed() -> (Vec<RunRequested>, Vec<DeliveryOutcome>) {
    let world = start(On::Embedded).await;
    world.normalize_all().await;
    contents(&world).await
}

/// The deliveries are there; nobody has looked at them.
async fn start(on: On) -> World {
    let world = World::on(on, routes()).await;
    let deliveries: Vec<_> = (0..DELIVERIES).map(|n| issue(n, 7, &world.snapshot)).collect();
    world.receive(&deliveries).await;
    world
}

fn routes() -> Snapshot {
    snapshot(vec![route("triage", "triager", PerEntity), route("alone", "triager", PerDelivery)])
}

/// Requests in stream order and outcomes by delivery, after checking what holds of every log: one record a subject, a
/// wake after each request, the requests of each outcome before it.
async fn contents(world: &World) -> (Vec<RunRequested>, Vec<DeliveryOutcome>) {
    let (mut requested, mut woken) = (Vec::new(), Vec::new());
    let (mut subjects, mut outcomes) = (BTreeSet::new(), Vec::new());
    for (fact, record) in world.facts().await.into_iter().zip(world.records(topology::EVENTS).await) {
        if !matches!(fact, Fact::Wake(_)) {
            assert!(subjects.insert(record.subject.clone()), "{} twice", record.subject);
        }
        match fact {
            Fact::RunRequested(request) => requested.push(request),
            Fact::Wake(session) => woken.push((session, requested.len())),
            Fact::DeliveryOutcome(outcome) => {
                let Normalized::Routed { runs, .. } = &outcome.result else { panic!("{outcome:?}") };
                assert!(runs.iter().all(|run| requested.iter().any(|request| request.run == *run)), "{outcome:?}");
                outcomes.push(outcome);
            }
            other => panic!("{other:?}"),
        }
    }
    for (at, request) in requested.iter().enumerate() {
        assert!(
            woken.iter().any(|(session, after)| *session == request.session && *after > at),
            "no wake: {request:?}"
        );
    }
    outcomes.sort_by(|a, b| a.delivery.cmp(&b.delivery));
    (requested, outcomes)
}

impl World {
    async fn stream_len(&self) -> usize {
        self.records(topology::EVENTS).await.len()
    }
}
