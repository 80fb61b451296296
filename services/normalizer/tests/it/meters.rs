//! What is counted, and that repeats are not counted again.

use hookwheel_core::ids::Slug;
use hookwheel_core::webhook::SessionMode::PerEntity;
use hookwheel_runtime::metrics;
use serde_json::json;

use crate::kit::{World, delivery, issue, route, snapshot};

#[tokio::test(flavor = "multi_thread")]
async fn every_delivery_is_counted_once_however_often_it_comes() {
    let metrics = metrics::install(metrics::NORMALIZER).unwrap();
    let mut snapshot = snapshot(vec![route("triage", "reviewer", PerEntity), route("broken", "reviewer", PerEntity)]);
    let unanswerable = json!({ "when": { "test": { "field": "event.type", "operator": { "gt": 1 } } } });
    snapshot.webhook.routes[1].events = serde_json::from_value(unanswerable).unwrap();
    // Every test of this process counts into the same registry: the slug keeps these apart.
    snapshot.webhook.slug = Slug::parse("counted").unwrap();
    snapshot.webhook.events.deny = vec!["push".into()];
    let world = World::new(snapshot).await;
    let mut forged = delivery(3, "push", "{}".into(), &world.snapshot);
    forged.proof.scheme = "none".into();
    let denied = delivery(2, "push", "{}".into(), &world.snapshot);
    world.receive(&[issue(1, 7, &world.snapshot), denied, forged]).await;
    world.normalize_all().await;
    world.set_back().await;
    world.normalize_all().await;

    let text = metrics.render();
    let of_webhook: Vec<_> = text.lines().filter(|line| line.contains(r#"webhook="counted""#)).collect();
    let wanted = [
        r#"hookwheel_filter_errors_total{webhook="counted"} 1"#,
        r#"webhooks_deliveries_filtered_total{webhook="counted",source="github",event_type="push"} 1"#,
        r#"webhooks_deliveries_filtered_total{webhook="counted",source="github",event_type="other"} 1"#,
        r#"webhooks_deliveries_total{webhook="counted",source="github",event_type="push",status="filtered"} 1"#,
        r#"webhooks_deliveries_total{webhook="counted",source="github",event_type="other",status="filtered"} 1"#,
    ];
    for line in wanted {
        assert!(of_webhook.contains(&line), "{line} is not in {of_webhook:#?}");
    }
    assert_eq!(of_webhook.len(), wanted.len(), "{of_webhook:#?}");
    for name in [metrics::NORMALIZER_EVENTS_TOTAL, metrics::MESSAGES_TOTAL, metrics::MESSAGE_PROCESSING_SECONDS] {
        assert!(text.contains(name), "{name}");
    }
}
