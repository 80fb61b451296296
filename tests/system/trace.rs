//! One trace from the request to the tool call, through every service.

use std::collections::BTreeMap;
use std::time::Duration;

use hookwheel_tests::collector::{Collector, Received};
use hookwheel_tests::process::eventually;
use hookwheel_tests::scenario::{Prepared, Sender};
use hookwheel_tests::world::{Kind, Options, World};

crate::in_both_worlds!(one_trace_leads_from_the_request_to_the_tool_call);

async fn one_trace_leads_from_the_request_to_the_tool_call(kind: Kind) -> anyhow::Result<()> {
    let collector = Collector::start().await?;
    let mut world = World::start(kind, Options { otlp: Some(collector.endpoint()), ..Options::default() }).await?;
    let sender = Sender::new()?;
    sender.deliver(&world.intakes(), &Prepared::opened(3, 3)?, Duration::from_secs(10)).await?;
    world.settled(1, Duration::from_secs(30)).await?;
    world.drain()?;

    let tool = eventually("the tool's span", Duration::from_secs(20), || async {
        Ok(collector.spans().into_iter().find(|s| s.span.name == "execute_tool countable"))
    });
    let tool = tool.await?;
    let spans = collector.spans();
    let path = ancestors(&spans, &tool);
    let names: Vec<&str> = path.iter().map(|s| s.span.name.as_str()).collect();
    assert_eq!(names.last(), Some(&"receive webhook"), "the root of {names:?}");
    for wanted in ["invoke_agent worker", "process DELIVERIES", "receive webhook"] {
        assert!(names.contains(&wanted), "{wanted} is not among {names:?}");
    }
    assert!(spans.iter().any(|s| s.span.name.starts_with("chat ") && s.span.trace_id == tool.span.trace_id));
    if kind == Kind::Cluster {
        let mut services: Vec<&str> = path.iter().map(|s| s.service.as_str()).collect();
        services.dedup();
        assert_eq!(services, ["agent-runner", "normalizer", "ingress"]);
    }
    let delivery = world_secret_free(&spans);
    assert!(delivery.is_empty(), "spans carry the secret: {delivery:?}");
    Ok(())
}

/// The span and its parents up to the root, inside one trace.
fn ancestors(spans: &[Received], from: &Received) -> Vec<Received> {
    let by_id: BTreeMap<&[u8], &Received> = spans
        .iter()
        .filter(|s| s.span.trace_id == from.span.trace_id)
        .map(|s| (s.span.span_id.as_slice(), s))
        .collect();
    let mut path = vec![from.clone()];
    while let Some(parent) = path.last().and_then(|last| by_id.get(last.span.parent_span_id.as_slice())) {
        path.push((*parent).clone());
    }
    path
}

fn world_secret_free(spans: &[Received]) -> Vec<String> {
    let holds = |s: &&Received| s.attributes().values().any(|v| v.contains(hookwheel_tests::world::SECRET));
    spans.iter().filter(holds).map(|s| s.span.name.clone()).collect()
}
