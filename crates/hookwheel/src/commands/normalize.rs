//! `hookwheel normalize`: what a captured delivery means, without any service.

mod index;

use std::path::PathBuf;

use hookwheel_core::event::Event;
use hookwheel_core::filter::{self, Clause};
use hookwheel_core::webhook::Webhook;
use hookwheel_sources::{self as sources, BadBody, Reading, Request, Source};
use serde_json::json;

use super::capture::CaptureArgs;
use super::endpoint::EndpointArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, OutputArgs, Table};

/// Says what a captured delivery means: event type, entity, actor, summary, and which routes take it
#[derive(Debug, clap::Args)]
pub struct Normalize {
    #[command(flatten)]
    capture: Option<CaptureArgs>,
    #[command(flatten)]
    endpoint: EndpointArgs,
    /// Read an index of example bodies instead, one JSON line per file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["body", "webhook", "source"])]
    index: Option<PathBuf>,
    /// Fail when the index says otherwise
    #[arg(long, requires = "index")]
    check: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command. A body the profile cannot take exits with 4.
pub fn run(command: &Normalize) -> Result<(), Failure> {
    if let Some(path) = &command.index {
        return index::run(path, command.check);
    }
    let Some(capture) = &command.capture else {
        return Err(Failure::usage("no request is given").remedy("name the file with its body, or --index FILE"));
    };
    let capture = capture.read()?;
    let (webhook, source) = command.endpoint.webhook()?;
    let key = source.admit(&webhook, &capture.request()).map_err(refused)?;
    let events = source.events(&webhook, &capture.request());
    let event = events.first().cloned().unwrap_or_default();
    let fate = Fate::of(&webhook, source, &capture.request(), &event);
    match command.output.format() {
        Format::Table => print_event(&key, events.len(), &event, &fate),
        format => output::print_json(format, &as_json(&key, events.len(), &event, &fate)),
    }
    Ok(())
}

/// What the webhook's filter and routes say.
struct Fate {
    stopped_by: Option<String>,
    routes: Vec<String>,
}

impl Fate {
    fn of(webhook: &Webhook, source: &'static dyn Source, request: &Request<'_>, event: &Event) -> Self {
        let text = sources::text(request);
        let decision = filter::decide(webhook, &Reading::new(request.headers, &text).view(source, event));
        let routes = decision.taken().unwrap_or_default().into_iter().map(|at| webhook.routes[at].name.clone());
        Self { stopped_by: decision.webhook.decided_by().map(Clause::words), routes: routes.collect() }
    }
}

/// Facts in reading order, as pairs.
fn summary(event: &Event) -> Vec<(&str, &str)> {
    event.summary.iter().map(|field| (field.name.as_str(), field.value.as_str())).collect()
}

fn as_json(key: &str, events: usize, event: &Event, fate: &Fate) -> serde_json::Value {
    json!({
        "delivery_key": key,
        "event_type": event.event_type,
        "entity": event.entity.as_ref().map(|entity| entity.as_str()),
        "actor": event.actor,
        "summary": summary(event),
        "events": events,
        "filtered": fate.stopped_by,
        "routes": fate.routes,
    })
}

fn print_event(key: &str, events: usize, event: &Event, fate: &Fate) {
    let mut table = Table::facts();
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    table.row(["event type", &or_dash(event.event_type.as_deref())]);
    table.row(["entity", &or_dash(event.entity.as_ref().map(|entity| entity.as_str()))]);
    table.row(["actor", &or_dash(event.actor.as_deref())]);
    table.row(["delivery key", key]);
    if events > 1 {
        table.row(["events", &format!("{events}; this is the first")]);
    }
    if let Some(clause) = &fate.stopped_by {
        table.row(["filtered", clause]);
    }
    if !fate.routes.is_empty() {
        table.row(["routes", &fate.routes.join(", ")]);
    }
    table.print();
    if !event.summary.is_empty() {
        output::print("\nSUMMARY");
        let mut table = Table::facts();
        for field in &event.summary {
            table.row([&field.name, &field.value]);
        }
        table.print();
    }
}

fn refused(bad: BadBody) -> Failure {
    let (what, remedy) = what_is_bad(bad);
    Failure::new(Exit::Refused, what).remedy(remedy)
}

/// What is wrong with it, and whose move is next.
fn what_is_bad(bad: BadBody) -> (&'static str, &'static str) {
    match bad {
        BadBody::Empty => ("the body is empty", "capture the raw body"),
        BadBody::InvalidJson => ("the body is not JSON of the profile's kind", "check its syntax, encoding and depth"),
        BadBody::InvalidForm => ("the form does not have exactly one `payload`", "let the sender post JSON"),
        BadBody::UnexpectedShape => ("the body has another shape than the profile's", "is it this source's body?"),
        BadBody::DuplicateKey => ("a key that identity hangs on is there twice", "the sender must repair this"),
        BadBody::EventMismatch => ("the event header and the body disagree", "check the event header you gave"),
        BadBody::BadDeliveryId => ("the delivery id is over 255 bytes", "the sender must repair this"),
        BadBody::UnsupportedType => ("the profile cannot take this content type", "let the sender post JSON"),
    }
}
