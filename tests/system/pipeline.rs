//! One signed request becomes a finished run, and everything about it can be asked for.

use std::time::Duration;

use hookwheel_tests::scenario::{Prepared, Sender, examine};
use hookwheel_tests::world::{Kind, Options, World};

crate::in_both_worlds!(a_signed_request_becomes_a_finished_run);

async fn a_signed_request_becomes_a_finished_run(kind: Kind) -> anyhow::Result<()> {
    let mut world = World::start(kind, Options::default()).await?;
    let sender = Sender::new()?;
    let delivery = Prepared::opened(1, 7)?;
    let id = sender.deliver(&world.intakes(), &delivery, Duration::from_secs(10)).await?;
    assert_eq!(sender.deliver(&world.intakes(), &delivery, Duration::from_secs(10)).await?, id);
    world.settled(1, Duration::from_secs(30)).await?;

    let detail = world.get(&format!("/api/v1/deliveries/{id}")).await?;
    assert_eq!(detail["state"], "completed", "{detail}\n{}", world.logs());
    assert_eq!(detail["event_type"], "pull_request.opened");
    assert_eq!(detail["delivery_key"], delivery.key);
    assert_eq!(detail["scheme"], "github_hmac_sha256");
    let run = detail["run_rows"][0]["id"].as_str().unwrap_or_default().to_owned();
    let run = world.get(&format!("/api/v1/runs/{run}")).await?;
    assert_eq!(
        (&run["state"], &run["turns"], &run["tool_calls"]),
        (&"completed".into(), &2.into(), &1.into()),
        "{run}"
    );
    assert_eq!(run["scripted"], true);

    let evidence = examine(&mut world, &sender.ledger()).await?;
    assert_eq!(evidence.breaches, []);
    assert_eq!(evidence.witness.0.len(), 1);
    Ok(())
}
