//! W3C trace context across records.
//!
//! Span kinds are set by the field `otel.kind` (`server`, `producer`, `consumer`, `client`), names by `otel.name`.
//! Nothing here does anything unless traces are being exported.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";

/// The current span's `traceparent`, if it is being traced.
pub fn current_traceparent() -> Option<String> {
    traceparent(&tracing::Span::current())
}

/// A span's `traceparent`, if it is being traced.
pub fn traceparent(span: &tracing::Span) -> Option<String> {
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then(|| {
        let flags = context.trace_flags().to_u8();
        format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id())
    })
}

/// The trace id in a `traceparent`: 32 hex digits.
pub fn trace_id(traceparent: &str) -> Option<String> {
    remote(traceparent).map(|context| context.trace_id().to_string())
}

/// Makes the span a child of a `traceparent` that came with a record. Call it before the span is entered.
pub fn set_parent(span: &tracing::Span, traceparent: Option<&str>) {
    if let Some(parent) = traceparent.and_then(remote) {
        let parent = opentelemetry::Context::new().with_remote_span_context(parent);
        // An error means that there is no trace to join: the layer is absent or the span is filtered out.
        let _ = span.set_parent(parent);
    }
}

/// Links the span to a `traceparent` without making it a child.
pub fn add_link(span: &tracing::Span, traceparent: Option<&str>) {
    if let Some(linked) = traceparent.and_then(remote) {
        span.add_link(linked);
    }
}

fn remote(traceparent: &str) -> Option<SpanContext> {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&opentelemetry::Context::new(), &carrier);
    let context = context.span().span_context().clone();
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_span_joins_the_trace_it_was_sent_with_and_passes_it_on() {
        let exported = traced(|| {
            let span = tracing::info_span!("process", otel.kind = "consumer");
            set_parent(&span, Some(SENT));
            add_link(&span, Some("00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01"));
            let passed_on = span.in_scope(|| current_traceparent().unwrap());
            assert_eq!(passed_on[..36], SENT[..36]);
            assert_ne!(passed_on, SENT);
        });
        assert_eq!(exported[0].parent_span_id.to_string(), "00f067aa0ba902b7");
        assert_eq!(exported[0].span_kind, opentelemetry::trace::SpanKind::Consumer);
        assert_eq!(exported[0].links.len(), 1);
    }

    #[test]
    fn nonsense_is_no_parent_and_without_traces_there_is_no_traceparent() {
        assert_eq!(current_traceparent(), None);
        assert_eq!(trace_id("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), None);
        assert_eq!(trace_id(SENT).as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        let exported = traced(|| {
            let span = tracing::info_span!("process");
            set_parent(&span, Some("00-zz"));
        });
        assert_eq!(exported[0].parent_span_id, opentelemetry::trace::SpanId::INVALID);
    }

    fn traced(work: impl FnOnce()) -> Vec<opentelemetry_sdk::trace::SpanData> {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        exporter.get_finished_spans().unwrap()
    }
}
