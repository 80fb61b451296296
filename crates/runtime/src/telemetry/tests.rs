//! What a line looks like, and what the environment sets.

use std::io::Write;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse as Exported,
};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use super::*;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn lines(json: bool, work: impl FnOnce()) -> String {
    let (sink, dispatch) = (Sink::default(), KnownDispatch::default());
    let writer = sink.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .fmt_fields(JsonFields::new())
        .event_format(Line { service: "ingress", json, dispatch: dispatch.clone() });
    let provider = SdkTracerProvider::builder().build();
    let spans = otlp::layer(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(spans).with(dispatch).with(layer), work);
    let bytes = sink.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_json_line_has_the_event_its_spans_and_our_names() {
    let text = lines(true, || {
        let span =
            tracing::info_span!("receive webhook", delivery.id = "dlv_1", otel.kind = "server", run.id = "run_1");
        let _inside = span.enter();
        tracing::info!(run.id = "run_2", attempts = 3, ok = true, "stored delivery {}", "dlv_1");
    });
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(line["msg"], "stored delivery dlv_1");
    assert_eq!((&line["level"], &line["service"]), (&"INFO".into(), &"ingress".into()));
    assert_eq!((&line["delivery_id"], &line["run_id"]), (&"dlv_1".into(), &"run_2".into()));
    assert_eq!((&line["attempts"], &line["ok"]), (&3.into(), &true.into()));
    assert!(line["ts"].as_str().unwrap().ends_with('Z'));
    assert!(line.get("otel_kind").is_none());
}

#[test]
fn a_line_inside_a_traced_span_names_its_trace() {
    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut passed_on = String::new();
    let text = lines(true, || {
        tracing::info!("outside");
        let span = tracing::info_span!("process");
        crate::trace::set_parent(&span, Some(SENT));
        span.in_scope(|| {
            tracing::info!("inside");
            passed_on = crate::trace::current_traceparent().unwrap();
        });
    });
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0].get("trace_id").is_none());
    assert_eq!(
        (lines[1]["trace_id"].as_str(), lines[1]["span_id"].as_str()),
        (Some(&SENT[3..35]), Some(&passed_on[36..52]))
    );
}

#[test]
fn what_a_sender_wrote_cannot_move_the_cursor_or_forge_a_line() {
    let evil = "a\x1b[2Jb\nlevel=ERROR forged\u{202e}";
    for json in [true, false] {
        let text = lines(json, || {
            let span = tracing::info_span!("s", actor = evil);
            let _inside = span.enter();
            tracing::warn!(event = evil, debugged = ?evil, "unknown event {evil}");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains('\x1b') && !text.contains('\u{202e}'), "{text}");
    }
}

#[test]
fn the_environment_sets_filter_format_endpoint_and_ratio() {
    let options = TelemetryOptions::from_lookup(|name| match name {
        "HOOKWHEEL_LOG" => Some("debug".into()),
        "HOOKWHEEL_LOG_FORMAT" => Some("json".into()),
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://127.0.0.1:4317".into()),
        "OTEL_TRACES_SAMPLER_ARG" => Some("7".into()),
        _ => None,
    });
    assert_eq!(options.filter, "debug");
    assert_eq!(options.format, LogFormat::Json);
    assert_eq!(options.otlp_endpoint.as_deref(), Some("http://127.0.0.1:4317"));
    assert!((options.sample_ratio - 1.0).abs() < f64::EPSILON);
    assert_eq!(TelemetryOptions::from_lookup(|_| None), TelemetryOptions::default());
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_costs_nothing_but_the_spans() {
    let provider = otlp::provider("ingress", "http://127.0.0.1:1", &TelemetryOptions::default()).unwrap();
    traced_by(&provider, || drop(tracing::info_span!("lost").entered()));
    Guard { traces: Some(provider) }.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_reach_the_receiver_with_their_sender_and_the_decision_they_came_with() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let receiver = Receiver::default();
    let service = TraceServiceServer::new(receiver.clone());
    let server = tonic::transport::Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    let options = TelemetryOptions { sample_ratio: 0.0, ..TelemetryOptions::default() };
    let provider = otlp::provider("normalizer", &endpoint, &options).unwrap();
    traced_by(&provider, || {
        drop(tracing::info_span!("a root of our own, outside the ratio").entered());
        let span = tracing::info_span!("process", otel.name = "process DELIVERIES", otel.kind = "consumer");
        crate::trace::set_parent(&span, Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        drop(span.entered());
    });
    Guard { traces: Some(provider) }.shutdown().await;

    let sent = receiver.0.lock().unwrap().clone();
    let sender: Vec<String> =
        sent[0].resource.iter().flat_map(|it| &it.attributes).map(|it| format!("{it:?}")).collect();
    assert!(sender.iter().any(|it| it.contains("service.name") && it.contains("normalizer")), "{sender:?}");
    assert!(sender.iter().any(|it| it.contains("service.namespace") && it.contains("hookwheel")), "{sender:?}");
    let spans: Vec<_> = sent.iter().flat_map(|it| &it.scope_spans).flat_map(|it| &it.spans).collect();
    assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["process DELIVERIES"]);
    assert_eq!(spans[0].parent_span_id, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
}

fn traced_by(provider: &SdkTracerProvider, work: impl FnOnce()) {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(otlp::layer(provider)), work);
}

/// Keeps what an exporter sends.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<ResourceSpans>>>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(&self, request: Request<ExportTraceServiceRequest>) -> Result<Response<Exported>, Status> {
        self.0.lock().unwrap().extend(request.into_inner().resource_spans);
        Ok(Response::new(Exported::default()))
    }
}
