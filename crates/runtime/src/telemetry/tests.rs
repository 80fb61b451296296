//! What a line looks like, and what the environment sets.

use std::io::Write;
use std::sync::{Arc, Mutex};

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
    let sink = Sink::default();
    let writer = sink.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .fmt_fields(JsonFields::new())
        .event_format(Line { service: "ingress", json });
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
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
    assert!(line.get("otel_kind").is_none() && line.get("trace_id").is_none());
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
    let options = TelemetryOptions::default();
    let provider = otlp::provider("ingress", "http://127.0.0.1:1", &options).unwrap();
    let subscriber = tracing_subscriber::registry().with(otlp::layer(&provider));
    tracing::subscriber::with_default(subscriber, || drop(tracing::info_span!("lost").entered()));
    Guard { traces: Some(provider) }.shutdown().await;
}
