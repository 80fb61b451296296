//! `hookwheel deliveries`: what came in and what became of it, from the API.

use std::io::Write as _;

use serde_json::Value;

use super::listing::{self, Column, Window};
use super::rejections;
use crate::api::{Api, ApiArgs};
use crate::exit::Failure;
use crate::output::{self, Format, OutputArgs, Table};

/// Lists deliveries, or shows one or its body
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Deliveries {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Lists deliveries, newest first
    List(List),
    /// Shows one delivery with its headers, event and runs
    Show(Show),
    /// Writes the raw body to stdout, byte for byte
    Body(Body),
}

#[derive(Debug, clap::Args)]
struct List {
    /// Samples of refused requests instead: when, from where, why, and what to do about it
    #[arg(long, conflicts_with_all = ["source", "state", "event_type", "entity", "since", "until", "cursor"])]
    rejected: bool,
    /// Only of this webhook (public id; of refused requests the slug will do, too)
    #[arg(long, value_name = "ID")]
    webhook: Option<String>,
    /// Only of this source profile
    #[arg(long)]
    source: Option<String>,
    /// Only in this state: received, filtered, queued, processing, completed, failed, unroutable
    #[arg(long)]
    state: Option<String>,
    /// Only of this event type, such as issues.opened
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,
    /// Only about this entity, such as github:o/r:issue:7
    #[arg(long, value_name = "KEY")]
    entity: Option<String>,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// Delivery id, dlv_...
    id: String,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
struct Body {
    /// Delivery id, dlv_...
    id: String,
    #[command(flatten)]
    api: ApiArgs,
}

const COLUMNS: &[Column] = &[
    ("id", "id"),
    ("received", "received_at"),
    ("source", "source"),
    ("event", "event_type"),
    ("entity", "entity"),
    ("state", "state"),
    ("runs", "runs"),
    ("repeats", "duplicates"),
];

const EVENT_COLUMNS: &[Column] = &[
    ("event", "id"),
    ("type", "event_type"),
    ("entity", "entity"),
    ("outcome", "outcome"),
    ("runs", "runs"),
    ("reason", "reason"),
];

const RUN_COLUMNS: &[Column] =
    &[("run", "id"), ("agent", "agent"), ("state", "state"), ("turns", "turns"), ("tool calls", "tool_calls")];

/// Runs the command.
pub async fn run(command: Deliveries) -> Result<(), Failure> {
    match command.action {
        None => list(command.list).await,
        Some(Action::List(options)) => list(options).await,
        Some(Action::Show(options)) => show(options).await,
        Some(Action::Body(options)) => body(options).await,
    }
}

async fn list(options: List) -> Result<(), Failure> {
    if options.rejected {
        return rejections::list(options.webhook, options.window.limit(), &options.api, &options.output).await;
    }
    let mut query = vec![
        ("webhook", options.webhook),
        ("source", options.source),
        ("state", options.state),
        ("event_type", options.event_type),
        ("entity", options.entity),
    ];
    query.extend(options.window.query());
    let page = Api::new(&options.api)?.get(&["deliveries"], &query).await?;
    listing::print_page(options.output.format(), &page, COLUMNS);
    Ok(())
}

async fn show(options: Show) -> Result<(), Failure> {
    let delivery = Api::new(&options.api)?.get(&["deliveries", &options.id], &[]).await?;
    match options.output.format() {
        Format::Table => print_delivery(&delivery),
        format => output::print_json(format, &delivery),
    }
    Ok(())
}

async fn body(options: Body) -> Result<(), Failure> {
    let body = Api::new(&options.api)?.bytes(&["deliveries", &options.id, "body"]).await?;
    let written = std::io::stdout().lock().write_all(&body);
    written.map_err(|error| Failure::failed(format!("cannot write the body: {error}")))
}

fn print_delivery(delivery: &Value) {
    let mut facts = Table::facts();
    for name in [
        "id",
        "state",
        "reason",
        "webhook",
        "source",
        "event_type",
        "entity",
        "actor",
        "delivery_key",
        "received_at",
        "body_size",
        "scheme",
        "signed_at",
        "peer",
        "duplicates",
        "snapshot",
        "trace_id",
    ] {
        listing::fact(&mut facts, name, delivery.get(name));
    }
    facts.print();
    print_pairs("event", delivery.pointer("/event/summary"));
    print_headers(delivery.get("headers"));
    for (rows, columns) in [("events", EVENT_COLUMNS), ("run_rows", RUN_COLUMNS)] {
        if let Some(rows) = delivery.get(rows).and_then(Value::as_array).filter(|rows| !rows.is_empty()) {
            output::print("");
            listing::print_rows(rows, columns);
        }
    }
}

fn print_pairs(title: &str, pairs: Option<&Value>) {
    let pairs = pairs.and_then(Value::as_array).filter(|pairs| !pairs.is_empty());
    let Some(pairs) = pairs else { return };
    output::print(format!("\n{}", title.to_uppercase()));
    let mut table = Table::facts();
    for pair in pairs {
        table.row([listing::text(pair.get(0)), listing::text(pair.get(1))]);
    }
    table.print();
}

fn print_headers(headers: Option<&Value>) {
    let headers = headers.and_then(Value::as_array).filter(|headers| !headers.is_empty());
    let Some(headers) = headers else { return };
    output::print("\nHEADERS");
    let mut table = Table::facts();
    for header in headers {
        table.row([listing::text(header.get("name")), listing::text(header.get("value"))]);
    }
    table.print();
}
