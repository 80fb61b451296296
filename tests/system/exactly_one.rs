//! One delivery and one run per key, however often, wherever and whenever it is sent.

use std::time::Duration;

use futures::StreamExt as _;
use hookwheel_tests::ledger::Answer;
use hookwheel_tests::scenario::{Prepared, Sender, examine};
use hookwheel_tests::world::{Kind, Options, Part, World};

crate::in_both_worlds!(a_thousand_deliveries_sent_twenty_times_at_once);

const DELIVERIES: u64 = 1_000;
const TIMES: usize = 20;

async fn a_thousand_deliveries_sent_twenty_times_at_once(kind: Kind) -> anyhow::Result<()> {
    let mut world = World::start(kind, Options { ingresses: 3, session: "per_delivery", ..Options::default() }).await?;
    let sender = Sender::new()?;
    let prepared: Vec<Prepared> = (0..DELIVERIES).map(|n| Prepared::opened(n, n)).collect::<Result<_, _>>()?;
    let urls = world.intakes();

    let answers = futures::stream::iter(&prepared)
        .map(|delivery| {
            let posts = (0..TIMES).map(|n| sender.post(&urls[n % urls.len()], delivery));
            futures::future::join_all(posts)
        })
        .buffer_unordered(8)
        .concat()
        .await;
    let taken = answers.iter().filter(|answer| matches!(answer, Answer::Ok(_))).count();
    assert_eq!(taken, answers.len(), "every repeat is answered 200 or 202");

    let restarted = if kind == Kind::Cluster { Part::Broker } else { Part::Up };
    world.kill9(restarted)?;
    world.restart(restarted).await?;
    world.ready().await?;
    for delivery in &prepared {
        sender.deliver(&urls, delivery, Duration::from_secs(60)).await?;
    }
    world.settled(DELIVERIES, Duration::from_secs(120)).await?;

    let ledger = sender.ledger();
    assert!(ledger.0.values().all(|sent| sent.acknowledged.len() == 1), "each key has one id");
    let evidence = examine(&mut world, &ledger).await?;
    assert_eq!(evidence.breaches, []);
    assert_eq!(evidence.history.deliveries.len() as u64, DELIVERIES);
    assert_eq!(evidence.history.requests.len() as u64, DELIVERIES);
    assert_eq!(evidence.witness.0.len() as u64, DELIVERIES);
    Ok(())
}
