//! No effect is repeated: the runner dies at each place round a tool call, and a countable tool counts.

use std::time::Duration;

use hookwheel_core::journal::What;
use hookwheel_tests::fault;
use hookwheel_tests::process::eventually;
use hookwheel_tests::scenario::{Prepared, Sender, examine};
use hookwheel_tests::world::{Kind, Options, Part, World};

crate::in_both_worlds!(a_runner_that_dies_anywhere_repeats_no_effect);

async fn a_runner_that_dies_anywhere_repeats_no_effect(kind: Kind) -> anyhow::Result<()> {
    let mut world = World::start(kind, Options::default()).await?;
    let sender = Sender::new()?;
    let runner = if kind == Kind::Cluster { Part::AgentRunner(0) } else { Part::Up };

    for (number, place) in (0..).zip(fault::RUNNER) {
        world.kill9(runner)?;
        world.restart_to_die(runner, Some(&format!("{place}=1"))).await?;
        let delivery = Prepared::opened(100 + number, number)?;
        sender.deliver(&world.intakes(), &delivery, Duration::from_secs(60)).await?;
        let died = eventually(place, Duration::from_secs(60), || {
            let gone = world.process(runner).map(|process| !process.is_running());
            async move { Ok(gone?.then_some(())) }
        });
        died.await.inspect_err(|_| eprintln!("{}", world.logs()))?;
        world.restart(runner).await?;
        world.ready().await?;
        world.settled(number + 1, Duration::from_secs(150)).await.inspect_err(|_| eprintln!("{}", world.logs()))?;
    }

    let evidence = examine(&mut world, &sender.ledger()).await?;
    assert_eq!(evidence.breaches, []);
    assert!(evidence.witness.0.values().all(|times| *times == 1), "{:?}", evidence.witness);
    // Between intent and result nobody knows: those runs say so, and the effect is there at most once.
    let uncertain =
        evidence.history.entries.iter().filter(|(_, e)| matches!(e.what, What::ToolCallUncertain { .. })).count();
    assert_eq!(uncertain, 3, "after_intent, during_call and after_call leave an unknown outcome");
    Ok(())
}
