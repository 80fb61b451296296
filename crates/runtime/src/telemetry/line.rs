//! One log line: fields of the event and of the spans around it, as JSON or as text.

use std::fmt;
use std::sync::{Arc, OnceLock};

use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Visit};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::escape::escaped;

/// Writes lines with the fields `ts level target msg service trace_id span_id`, then the event's and its spans' own
/// (dots in names become underscores: `delivery.id` is `delivery_id`).
pub(super) struct Line {
    pub(super) service: &'static str,
    pub(super) json: bool,
    pub(super) dispatch: KnownDispatch,
}

/// Remembers the dispatch it is a layer of: inside an event there is no other way to ask for a span's trace.
#[derive(Clone, Default)]
pub(super) struct KnownDispatch(Arc<OnceLock<WeakDispatch>>);

impl<S: Subscriber> Layer<S> for KnownDispatch {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.0.set(dispatch.downgrade());
    }
}

impl KnownDispatch {
    /// The span in its trace, if traces are being exported.
    fn traced_as<S>(&self, span: &SpanRef<'_, S>) -> Option<SpanContext>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let dispatch = self.0.get()?.upgrade()?;
        let context = tracing_opentelemetry::get_otel_context(&span.id(), &dispatch)?;
        let context = context.span().span_context().clone();
        context.is_valid().then_some(context)
    }
}

#[derive(Serialize)]
struct Record<'a> {
    ts: String,
    level: &'a str,
    target: &'a str,
    msg: String,
    service: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

const RESERVED: [&str; 7] = ["ts", "level", "target", "msg", "service", "trace_id", "span_id"];

impl<S> FormatEvent<S, JsonFields> for Line
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        let span = event.parent().and_then(|id| context.span(id)).or_else(|| context.lookup_current());
        for outer in span.iter().flat_map(|span| span.scope().from_root()) {
            fields.add_span(&outer);
        }
        event.record(&mut fields);

        let trace = span.as_ref().and_then(|span| self.dispatch.traced_as(span));
        let mut ts = String::new();
        SystemTime.format_time(&mut Writer::new(&mut ts))?;
        let record = Record {
            ts,
            level: event.metadata().level().as_str(),
            target: event.metadata().target(),
            msg: fields.msg,
            service: self.service,
            trace_id: trace.as_ref().map(|context| context.trace_id().to_string()),
            span_id: trace.as_ref().map(|context| context.span_id().to_string()),
            fields: fields.others,
        };
        if self.json { record.write_json(&mut writer) } else { record.write_text(&mut writer) }
    }
}

impl Record<'_> {
    fn write_json(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let line = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }

    fn write_text(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{} {:>5} {}: {}", self.ts, self.level, self.target, self.msg)?;
        for (name, value) in &self.fields {
            match value {
                Value::String(text) => write!(writer, " {name}={text}")?,
                value => write!(writer, " {name}={value}")?,
            }
        }
        writeln!(writer)
    }
}

/// Fields gathered for one line, text already escaped.
#[derive(Default)]
struct Fields {
    msg: String,
    others: Map<String, Value>,
}

impl Fields {
    fn add_span<S>(&mut self, span: &SpanRef<'_, S>)
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let extensions = span.extensions();
        let kept = extensions.get::<FormattedFields<JsonFields>>();
        let Some(Ok(Value::Object(fields))) = kept.map(|json| serde_json::from_str(json)) else { return };
        for (name, value) in fields {
            match value {
                Value::String(text) => self.add(&name, escaped(&text).into()),
                value => self.add(&name, value),
            }
        }
    }

    fn add(&mut self, name: &str, value: Value) {
        if name == "message" {
            self.msg = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        } else if !name.starts_with("otel.") && !name.starts_with("log.") {
            let name = name.strip_prefix("r#").unwrap_or(name).replace('.', "_");
            let name = if RESERVED.contains(&name.as_str()) { format!("{name}_") } else { name };
            self.others.insert(name, value);
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), escaped(&format!("{value:?}")).into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), escaped(value).into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), value.into());
    }
}
