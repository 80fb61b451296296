//! Spans to an OTLP receiver over gRPC, in batches, by a thread of the exporter's own.

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use opentelemetry_semantic_conventions::resource::{SERVICE_INSTANCE_ID, SERVICE_NAMESPACE, SERVICE_VERSION};
use tracing_opentelemetry::OpenTelemetryLayer;

use super::TelemetryOptions;

/// The provider that keeps and sends spans.
pub(super) fn provider(
    service: &'static str,
    endpoint: &str,
    options: &TelemetryOptions,
) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let ratio = Sampler::TraceIdRatioBased(options.sample_ratio);
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(ratio)))
        .with_resource(resource(service))
        .build())
}

/// Who sends: name, namespace, version, and which process of several.
fn resource(service: &'static str) -> Resource {
    Resource::builder()
        .with_service_name(service)
        .with_attributes([
            KeyValue::new(SERVICE_NAMESPACE, "hookwheel"),
            KeyValue::new(SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
            KeyValue::new(SERVICE_INSTANCE_ID, format!("{:032x}", rand::random::<u128>())),
        ])
        .build()
}

/// The layer that turns `tracing` spans into OpenTelemetry ones. Log lines stay log lines.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    tracing_opentelemetry::layer().with_tracer(provider.tracer("hookwheel")).with_threads(false).with_location(false)
}
