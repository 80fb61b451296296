//! `hookwheel check`: is the configuration right? Every mistake with its place and remedy, before anything runs.

use hookwheel_core::filter::EventFilter;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::Action;
use serde_json::json;

use super::against::{self, AgainstArgs};
use crate::config::{ConfigArgs, Configuration};
use crate::exit::Failure;
use crate::output::{self, Format, OutputArgs, Paint, Table};

/// Checks hookwheel.toml and the agents beside it, and lists what is configured; with --against, says clause by clause
/// why deliveries would start a run or not
#[derive(Debug, clap::Args)]
pub struct Check {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    against: AgainstArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command. Mistakes exit with 2.
pub async fn run(command: &Check) -> Result<(), Failure> {
    let configuration = match command.config.read() {
        Ok(configuration) => configuration,
        Err(mistakes) => {
            if command.output.for_programs() {
                output::print_json(command.output.format(), &json!({ "ok": false, "mistakes": mistakes.json() }));
            }
            return Err(mistakes.into());
        }
    };
    if command.against.is_asked() {
        return against::run(&command.against, &configuration, command.output.format()).await;
    }
    match command.output.format() {
        Format::Table => print(&configuration),
        format => output::print_json(format, &as_json(&configuration)),
    }
    Ok(())
}

/// Says what works and still deserves a look.
pub fn warn(configuration: &Configuration) {
    let paint = Paint::stderr();
    for warning in &configuration.warnings {
        output::say(format!("{} {}", paint.odd("warning:"), output::shown(&warning.to_string())));
    }
}

fn print(configuration: &Configuration) {
    let mut table = Table::new(&["webhook", "source", "auth", "route", "events", "agent", "model"]);
    for snapshot in &configuration.snapshots {
        for row in rows(snapshot) {
            table.row(row);
        }
    }
    table.print();
    warn(configuration);
    let webhooks = output::count(configuration.snapshots.len(), "webhook");
    let profile = configuration.process.profile.as_str();
    output::say(format!("{} {webhooks}, profile {profile}", Paint::stderr().good("sound:")));
}

fn rows(snapshot: &Snapshot) -> Vec<[String; 7]> {
    let webhook = &snapshot.webhook;
    let head = [webhook.slug.to_string(), webhook.source.clone(), scheme(snapshot)];
    let [slug, source, auth] = head;
    let row = |route: String, events: String, agent: String, model: String| {
        [slug.clone(), source.clone(), auth.clone(), route, events, agent, model]
    };
    if webhook.routes.is_empty() {
        return vec![row("-".into(), "-".into(), "-".into(), "-".into())];
    }
    let routes = webhook.routes.iter().map(|route| {
        let Action::Agent(name) = &route.action;
        let events = taken_events(&route.events);
        let model = snapshot.agents.get(name).map(|agent| agent.model.clone()).unwrap_or_default();
        row(route.name.clone(), events, name.to_string(), model)
    });
    routes.collect()
}

/// Which event types a filter takes, and by what else it chooses.
fn taken_events(filter: &EventFilter) -> String {
    let types = if filter.allow.is_empty() { "all".to_owned() } else { filter.allow.join(", ") };
    let lists = [("deny_events", !filter.deny.is_empty()), ("ignore_actors", !filter.ignore_actors.is_empty())];
    let lists = lists.into_iter().filter(|(_, there)| *there).map(|(name, _)| name);
    let fields = filter.fields.keys().map(|field| field.as_str());
    let by: Vec<_> = lists.chain(fields).chain(filter.when.as_ref().map(|_| "when")).collect();
    if by.is_empty() { types } else { format!("{types}; by {}", by.join(", ")) }
}

/// The scheme's name, as it is written in the configuration.
fn scheme(snapshot: &Snapshot) -> String {
    let auth = serde_json::to_value(&snapshot.webhook.auth).unwrap_or_default();
    auth["mode"].as_str().unwrap_or_default().to_owned()
}

fn as_json(configuration: &Configuration) -> serde_json::Value {
    let webhooks = configuration.snapshots.iter().map(|snapshot| {
        let routes: Vec<_> = snapshot.webhook.routes.iter().map(|route| &route.name).collect();
        json!({
            "id": snapshot.webhook.id,
            "slug": snapshot.webhook.slug,
            "source": snapshot.webhook.source,
            "auth": scheme(snapshot),
            "routes": routes,
            "agents": snapshot.agents.keys().collect::<Vec<_>>(),
            "snapshot": snapshot.hash(),
        })
    });
    let webhooks: Vec<_> = webhooks.collect();
    let warnings: Vec<_> = configuration.warnings.iter().map(ToString::to_string).collect();
    json!({ "ok": true, "profile": configuration.process.profile.as_str(), "webhooks": webhooks, "warnings": warnings })
}
