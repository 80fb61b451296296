//! `hookwheel runs`: what agents did, step by step, from the API.

use hookwheel_agent::scripted::LABEL;
use serde_json::Value;

use super::listing::{self, Column, Window};
use crate::api::{Api, ApiArgs};
use crate::exit::Failure;
use crate::output::{self, Format, OutputArgs, Table};

/// Lists runs, or shows one
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Runs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Lists runs, newest first
    List(List),
    /// Shows one run with its steps
    Show(Show),
}

#[derive(Debug, clap::Args)]
struct List {
    /// Only of this webhook (public id)
    #[arg(long, value_name = "ID")]
    webhook: Option<String>,
    /// Only of this agent
    #[arg(long)]
    agent: Option<String>,
    /// Only in this state: requested, running, suspended, or an outcome such as completed
    #[arg(long)]
    state: Option<String>,
    /// Only of this delivery
    #[arg(long, value_name = "ID")]
    delivery: Option<String>,
    /// Only of this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// Run id, run_...
    id: String,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    output: OutputArgs,
}

const COLUMNS: &[Column] = &[
    ("id", "id"),
    ("received", "received_at"),
    ("agent", "agent"),
    ("entity", "entity"),
    ("state", "state"),
    ("model", "model"),
    ("turns", "turns"),
    ("tool calls", "tool_calls"),
];

const STEP_COLUMNS: &[Column] = &[
    ("step", "key"),
    ("kind", "kind"),
    ("name", "name"),
    ("status", "status"),
    ("tries", "attempts"),
    ("ms", "latency_ms"),
    ("result", "result"),
];

/// Runs the command.
pub async fn run(command: Runs) -> Result<(), Failure> {
    match command.action {
        None => list(command.list).await,
        Some(Action::List(options)) => list(options).await,
        Some(Action::Show(options)) => show(options).await,
    }
}

async fn list(options: List) -> Result<(), Failure> {
    let mut query = vec![
        ("webhook", options.webhook),
        ("agent", options.agent),
        ("state", options.state),
        ("delivery", options.delivery),
        ("session", options.session),
    ];
    query.extend(options.window.query());
    let page = Api::new(&options.api)?.get(&["runs"], &query).await?;
    listing::print_page(options.output.format(), &page, COLUMNS);
    Ok(())
}

async fn show(options: Show) -> Result<(), Failure> {
    let run = Api::new(&options.api)?.get(&["runs", &options.id], &[]).await?;
    match options.output.format() {
        Format::Table => print_run(&run),
        format => output::print_json(format, &run),
    }
    Ok(())
}

fn print_run(run: &Value) {
    if run.get("scripted").and_then(Value::as_bool) == Some(true) {
        output::say(LABEL);
    }
    let mut facts = Table::facts();
    for name in [
        "id",
        "state",
        "error",
        "delivery",
        "webhook",
        "route",
        "agent",
        "session",
        "entity",
        "model",
        "received_at",
        "started_at",
        "finished_at",
        "turns",
        "tool_calls",
        "input_tokens",
        "output_tokens",
        "claims",
        "text",
    ] {
        listing::fact(&mut facts, name, run.get(name));
    }
    facts.print();
    if let Some(steps) = run.get("steps").and_then(Value::as_array).filter(|steps| !steps.is_empty()) {
        output::print("");
        listing::print_rows(steps, STEP_COLUMNS);
    }
}
