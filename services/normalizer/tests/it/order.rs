//! Every mailbox has the order of DELIVERIES, however many normalizers write at once and wherever they die.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use hookwheel_core::webhook::SessionMode::PerEntity;
use hookwheel_proto::{Fact, decode, topology};

use crate::kit::{On, World, issue, route, snapshot, until};
use crate::rough::{Fault, Rough};

const DELIVERIES: u8 = 120;
const ENTITIES: u8 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn several_at_once_and_a_crash_between_parts_leave_the_order() {
    for survived in [2, 8, 17] {
        many_writers_keep_the_order(On::Embedded, survived).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_at_once_and_a_crash_leave_the_order_on_jetstream_too() {
    many_writers_keep_the_order(On::JetStream, 17).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_one_stands_by_and_takes_over() {
    let world = world(On::Embedded).await;
    let (first, second) = (rough(&world, Fault::Nothing), rough(&world, Fault::Nothing));
    let leader = world.start_on(first.clone()).await;
    receive(&world, 0..1).await;
    world.until_done().await;
    let standby = world.start_on(second.clone()).await;
    for n in 1..40 {
        receive(&world, n..n + 1).await;
        world.until_done().await;
    }
    assert_eq!(second.seen.appends.load(SeqCst), 0);
    leader.kill().await;
    receive(&world, 40..50).await;
    world.until_done().await;
    assert!(second.seen.appends.load(SeqCst) > 0);
    standby.stop().await;
    assert_eq!(mailboxes(&world).await, arrivals(&world).await);
}

/// Two work at once as if each had the lease, one of them dies after so many records, and a third one comes.
async fn many_writers_keep_the_order(on: On, survived: usize) {
    let world = world(on).await;
    let left = Arc::new(AtomicUsize::new(survived));
    let (mortal, sound) = (rough(&world, Fault::DieAfter(Arc::clone(&left))), rough(&world, Fault::NoLease));
    receive(&world, 0..DELIVERIES / 2).await;
    let doomed = world.start_on(mortal.clone()).await;
    until("the first works", async || mortal.seen.appends.load(SeqCst) > 0).await;
    let other = world.start_on(sound.clone()).await;
    let half_done = async || world.outcomes().await.len() >= usize::from(DELIVERIES / 2);
    until("one has died, or has left it to the other", async || left.load(SeqCst) == 0 || half_done().await).await;
    let third = world.start_on(rough(&world, Fault::NoLease)).await;
    receive(&world, DELIVERIES / 2..DELIVERIES).await;
    world.until_done().await;
    doomed.kill().await;
    other.stop().await;
    third.stop().await;

    assert_eq!(world.outcomes().await.len(), usize::from(DELIVERIES));
    assert_eq!(mailboxes(&world).await, arrivals(&world).await);
}

/// In small batches, so that there are many parts between which to die.
async fn world(on: On) -> World {
    let mut world = World::on(on, snapshot(vec![route("triage", "triager", PerEntity)])).await;
    world.batch = 7;
    world
}

fn rough(world: &World, fault: Fault) -> Arc<Rough> {
    Rough::new(Arc::clone(&world.log), fault)
}

async fn receive(world: &World, numbers: std::ops::Range<u8>) {
    let deliveries: Vec<_> = numbers.map(|n| issue(n, u32::from(n % ENTITIES), &world.snapshot)).collect();
    world.receive(&deliveries).await;
}

/// The positions in DELIVERIES of what is in each mailbox, in the mailbox's order.
async fn mailboxes(world: &World) -> BTreeSet<Vec<u64>> {
    let seqs: HashMap<_, _> = deliveries(world).await.into_iter().map(|(seq, id, _)| (id, seq)).collect();
    let mut mailboxes: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for request in world.requests().await {
        mailboxes.entry(request.session).or_default().push(seqs[&request.delivery]);
    }
    mailboxes.into_values().collect()
}

/// The positions in DELIVERIES of each entity's deliveries.
async fn arrivals(world: &World) -> BTreeSet<Vec<u64>> {
    let mut arrivals: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for (seq, _, number) in deliveries(world).await {
        arrivals.entry(number % i64::from(ENTITIES)).or_default().push(seq);
    }
    arrivals.into_values().collect()
}

/// Position, id and number of each delivery.
async fn deliveries(world: &World) -> Vec<(u64, hookwheel_core::ids::DeliveryId, i64)> {
    let first = issue(0, 0, &world.snapshot).received_at.micros();
    let records = world.records(topology::DELIVERIES).await;
    let facts = records.iter().map(|record| match decode(record).unwrap() {
        Fact::DeliveryReceived(delivery) => {
            (record.seq, delivery.delivery, (delivery.received_at.micros() - first) / 1_000_000)
        }
        other => panic!("{other:?}"),
    });
    facts.collect()
}
