//! Nothing is lost and nothing happens twice while every part is killed with -9, at random and at named places.

use hookwheel_tests::scenario::{Chaos, Sender, examine};
use hookwheel_tests::world::{Kind, Options, World};

crate::in_both_worlds!(nothing_is_lost_while_everything_is_killed);

async fn nothing_is_lost_while_everything_is_killed(kind: Kind) -> anyhow::Result<()> {
    let chaos = profile()?;
    let mut world = World::start(kind, Options { runners: 2, ..Options::default() }).await?;
    let sender = Sender::new()?;
    let toll = chaos.run(&mut world, &sender).await.inspect_err(|_| eprintln!("{}", world.logs()))?;
    let settled = world.settled(chaos.deliveries, chaos.patience()).await;
    settled.inspect_err(|_| eprintln!("{}", world.logs()))?;

    let ledger = sender.ledger();
    let evidence = examine(&mut world, &ledger).await?;
    eprintln!(
        "{kind:?}: {chaos:?}, {toll:?}, {} deliveries, {} runs, {} effects, {} parked",
        evidence.history.deliveries.len(),
        evidence.history.requests.len(),
        evidence.witness.0.len(),
        evidence.history.parked,
    );
    assert_eq!(evidence.breaches, [], "seed {}", chaos.seed);
    assert_eq!(ledger.acknowledged() as u64, chaos.deliveries);
    assert!(toll.at_random + toll.at_places >= chaos.kills, "{toll:?}");
    assert_eq!(evidence.history.parked, 0);
    Ok(())
}

/// Short in every run; `cargo xtask test --long` for the long one. `HOOKWHEEL_TEST_SEED` repeats a sequence of kills.
fn profile() -> anyhow::Result<Chaos> {
    let seed = match std::env::var("HOOKWHEEL_TEST_SEED") {
        Ok(text) => text.parse()?,
        Err(_) => rand::random_range(1..u64::from(u32::MAX)),
    };
    let long = std::env::var("HOOKWHEEL_TEST_PROFILE").is_ok_and(|profile| profile == "long");
    Ok(if long {
        Chaos { deliveries: 20_000, entities: 2_000, kills: 200, senders: 32, seed }
    } else {
        Chaos { deliveries: 400, entities: 60, kills: 12, senders: 8, seed }
    })
}
