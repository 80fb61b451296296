//! What the service says about itself: one trace from the request to the tool call, and the public metrics.

use hookwheel_core::journal::RunOutcome;
use hookwheel_runtime::metrics;
use opentelemetry::trace::{SpanKind, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::kit::Stand;

const NOTE: &str = "rules: [{turn: 1, calls: [{tool: notes, arguments: {text: seen}}, {tool: rm}]}, {text: done}]";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const ASKED_BY: &str = "00f067aa0ba902b7";

#[tokio::test(flavor = "multi_thread")]
async fn a_first_claim_is_part_of_the_requests_trace() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing_subscriber::registry().with(layer).try_init().unwrap();

    let mut stand = Stand::new(NOTE, &["notes"]).await;
    stand.traceparent = Some(format!("00-{TRACE}-{ASKED_BY}-01"));
    let request = stand.request_and_wake("s", 1).await;
    let service = stand.serve().await;
    assert_eq!(stand.end(&request.run).await.outcome, RunOutcome::Completed);
    service.drain().await;

    let spans = exporter.get_finished_spans().unwrap();
    let own: Vec<&SpanData> = spans.iter().filter(|s| s.span_context.trace_id().to_string() == TRACE).collect();
    let named = |name: &str| own.iter().find(|span| span.name.starts_with(name)).expect("the span");
    let (run, chat, tool) = (named("invoke_agent a"), named("chat "), named("execute_tool notes"));
    assert_eq!(run.parent_span_id.to_string(), ASKED_BY);
    assert_eq!((&chat.span_kind, &tool.span_kind), (&SpanKind::Client, &SpanKind::Internal));
    assert!([chat, tool].iter().all(|span| span.parent_span_id == run.span_context.span_id()));
    assert_eq!(own.iter().filter(|span| span.name.starts_with("chat ")).count(), 2);
    for (_, entry) in stand.journal(&request.run).await {
        assert!(entry.traceparent.unwrap().contains(TRACE), "entries carry the trace");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_metrics_are_emitted() {
    let metrics = metrics::install(metrics::AGENT_RUNNER).unwrap();
    let stand = Stand::new(NOTE, &["notes"]).await;
    let request = stand.request_and_wake("s", 1).await;
    let service = stand.serve().await;
    stand.end(&request.run).await;
    service.drain().await;
    let said = metrics.render();
    let value = |series: &str| {
        let lines = said.lines().filter(|line| line.starts_with(series));
        let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        values.reduce(f64::max).unwrap_or_else(|| panic!("no {series} in:\n{said}"))
    };
    for counted in [
        r#"webhooks_deliveries_total{webhook="repo",source="github",event_type="issues.opened",status="completed"}"#,
        r#"webhooks_processing_duration_seconds_count{webhook="repo",status="completed"}"#,
        r#"webhooks_response_actions_total{tool="notes",status="ok"}"#,
        r#"webhooks_response_actions_total{tool="other",status="denied"}"#,
        r#"hookwheel_agent_runs_total{agent="a",status="completed"}"#,
        r#"hookwheel_tool_call_duration_seconds_count{tool="notes"}"#,
        r#"hookwheel_llm_tokens_total{provider="scripted","#,
        r#"hookwheel_messages_total{consumer="agent-runner",outcome="ack"}"#,
    ] {
        assert!(value(counted) >= 1.0, "{counted}");
    }
    for gauge in ["webhooks_worker_queue_depth ", r#"hookwheel_agent_runs_active{agent="a"}"#] {
        assert!(value(gauge) >= 0.0, "{gauge}");
    }
}
