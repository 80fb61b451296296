//! `hookwheel normalize`: what a captured delivery means, without any service.

use hookwheel_core::event::Event;
use hookwheel_core::webhook::Webhook;
use hookwheel_sources::BadBody;
use serde_json::json;

use super::capture::CaptureArgs;
use super::endpoint::EndpointArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, OutputArgs, Table};

/// Says what a captured delivery means: event type, entity, actor, summary, and which routes take it
#[derive(Debug, clap::Args)]
pub struct Normalize {
    #[command(flatten)]
    capture: CaptureArgs,
    #[command(flatten)]
    endpoint: EndpointArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command. A body the profile cannot take exits with 4.
pub fn run(command: &Normalize) -> Result<(), Failure> {
    let capture = command.capture.read()?;
    let (webhook, source) = command.endpoint.webhook()?;
    let key = source.admit(&webhook, &capture.request()).map_err(refused)?;
    let event = source.describe(&webhook, &capture.request());
    let fate = Fate::of(&webhook, &event);
    match command.output.format() {
        Format::Table => print_event(&key, &event, &fate),
        format => output::print_json(format, &as_json(&key, &event, &fate)),
    }
    Ok(())
}

/// What the webhook's filter and routes say.
struct Fate {
    stopped_by: Option<&'static str>,
    routes: Vec<String>,
}

impl Fate {
    fn of(webhook: &Webhook, event: &Event) -> Self {
        let event_type = event.event_type.as_deref();
        let stopped_by = webhook.events.stops(event_type).map(|stopped| stopped.clause());
        let taking = webhook.routes.iter().filter(|route| route.events.stops(event_type).is_none());
        let routes = if stopped_by.is_some() { Vec::new() } else { taking.map(|route| route.name.clone()).collect() };
        Self { stopped_by, routes }
    }
}

fn as_json(key: &str, event: &Event, fate: &Fate) -> serde_json::Value {
    let summary: Vec<_> = event.summary.iter().map(|field| (&field.name, &field.value)).collect();
    json!({
        "delivery_key": key,
        "event_type": event.event_type,
        "entity": event.entity.as_ref().map(|entity| entity.as_str()),
        "actor": event.actor,
        "summary": summary,
        "filtered": fate.stopped_by,
        "routes": fate.routes,
    })
}

fn print_event(key: &str, event: &Event, fate: &Fate) {
    let mut table = Table::facts();
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    table.row(["event type", &or_dash(event.event_type.as_deref())]);
    table.row(["entity", &or_dash(event.entity.as_ref().map(|entity| entity.as_str()))]);
    table.row(["actor", &or_dash(event.actor.as_deref())]);
    table.row(["delivery key", key]);
    if let Some(clause) = fate.stopped_by {
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
    let (what, remedy) = match bad {
        BadBody::Empty => ("the body is empty", "capture the raw body"),
        BadBody::InvalidJson => ("the body is not JSON of the profile's kind", "check its syntax, encoding and depth"),
        BadBody::InvalidForm => ("the form does not have exactly one `payload`", "let the sender post JSON"),
        BadBody::UnexpectedShape => ("the body has another shape than the profile's", "is it this source's body?"),
        BadBody::DuplicateKey => ("a key that identity hangs on is there twice", "the sender must repair this"),
        BadBody::EventMismatch => ("the event header and the body disagree", "check the event header you gave"),
        BadBody::BadDeliveryId => ("the delivery id is over 255 bytes", "the sender must repair this"),
        BadBody::UnsupportedType => ("the profile cannot take this content type", "let the sender post JSON"),
    };
    Failure::new(Exit::Refused, what).remedy(remedy)
}
