//! Logs and traces of a process.

mod escape;
mod line;
mod otlp;

use std::io::IsTerminal as _;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use escape::escaped;
use line::{KnownDispatch, Line};

/// Which lines are written when nobody says otherwise.
const DEFAULT_FILTER: &str = "info,sqlx=warn,hyper=warn,h2=warn,tonic=warn,tower=warn,opentelemetry=warn";

/// How logs look and where traces go.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetryOptions {
    /// Which lines are written, in the filter language of `RUST_LOG`.
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
    /// Where spans go (OTLP over gRPC); nowhere without one.
    pub otlp_endpoint: Option<String>,
    /// Which part of the traces that begin here is kept, 0 to 1. A trace that comes from outside keeps its decision.
    pub sample_ratio: f64,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Default for TelemetryOptions {
    fn default() -> Self {
        Self { filter: DEFAULT_FILTER.into(), format: LogFormat::Auto, otlp_endpoint: None, sample_ratio: 1.0 }
    }
}

impl TelemetryOptions {
    /// From `HOOKWHEEL_LOG` (filter), `HOOKWHEEL_LOG_FORMAT` (`auto`, `json`, `text`), `OTEL_EXPORTER_OTLP_ENDPOINT`
    /// and `OTEL_TRACES_SAMPLER_ARG` (ratio).
    pub fn from_env() -> Self {
        Self::from_lookup(|name| std::env::var(name).ok().filter(|text| !text.is_empty()))
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let default = Self::default();
        Self {
            filter: lookup("HOOKWHEEL_LOG").unwrap_or(default.filter),
            format: match lookup("HOOKWHEEL_LOG_FORMAT").as_deref() {
                Some("json") => LogFormat::Json,
                Some("text") => LogFormat::Text,
                _ => LogFormat::Auto,
            },
            otlp_endpoint: lookup("OTEL_EXPORTER_OTLP_ENDPOINT"),
            sample_ratio: lookup("OTEL_TRACES_SAMPLER_ARG")
                .and_then(|text| text.parse().ok())
                .map_or(default.sample_ratio, |ratio: f64| ratio.clamp(0.0, 1.0)),
        }
    }
}

/// Keeps telemetry going. Await [`Guard::shutdown`] as the last thing a process does.
#[must_use = "spans still waiting are lost without `shutdown`"]
pub struct Guard {
    traces: Option<SdkTracerProvider>,
}

impl Guard {
    /// Sends the spans that still wait; takes at most a few seconds when nobody listens.
    pub async fn shutdown(self) {
        let Some(traces) = self.traces else { return };
        let flushed = tokio::task::spawn_blocking(move || traces.shutdown()).await;
        if let Ok(Err(cause)) = flushed {
            tracing::warn!(%cause, "the last spans were not delivered: {cause}");
        }
    }
}

/// Starts logs (on stderr) and, if there is an endpoint, traces. Call it once, inside a Tokio runtime; a second call in
/// the same process changes nothing.
pub fn init(service: &'static str, options: TelemetryOptions) -> Guard {
    let (filter, bad_filter) = match EnvFilter::try_new(&options.filter) {
        Ok(filter) => (filter, None),
        Err(cause) => (EnvFilter::new(DEFAULT_FILTER), Some(cause)),
    };
    let (traces, bad_traces) = match options.otlp_endpoint.as_deref().map(|to| otlp::provider(service, to, &options)) {
        None => (None, None),
        Some(Ok(provider)) => (Some(provider), None),
        Some(Err(cause)) => (None, Some(cause)),
    };
    let json = match options.format {
        LogFormat::Auto => !std::io::stderr().is_terminal(),
        LogFormat::Json => true,
        LogFormat::Text => false,
    };
    let dispatch = KnownDispatch::default();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .fmt_fields(JsonFields::new())
        .event_format(Line { service, json, dispatch: dispatch.clone() });
    let spans = traces.as_ref().map(otlp::layer);
    let started = tracing_subscriber::registry().with(filter).with(spans).with(dispatch).with(lines).try_init();
    if started.is_err() {
        return Guard { traces: None };
    }
    if let Some(cause) = bad_filter {
        tracing::warn!(%cause, "HOOKWHEEL_LOG is not a filter, the default is used; write it like `info,hookwheel_log=debug`");
    }
    if let Some(cause) = bad_traces {
        tracing::warn!(%cause, "traces are off: OTEL_EXPORTER_OTLP_ENDPOINT cannot be used; write it like `http://127.0.0.1:4317`");
    }
    Guard { traces }
}

#[cfg(test)]
mod tests;
