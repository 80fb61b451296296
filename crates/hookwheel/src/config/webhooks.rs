//! `[webhooks.<slug>]` and its routes.

use std::collections::BTreeSet;

use hookwheel_core::ids::{AgentName, Slug, WebhookId};
use hookwheel_core::limit::Limits;
use hookwheel_core::webhook::{Action, Auth, KeyFrom, Route, SecretRef, SessionMode, Webhook};
use hookwheel_runtime::settings::{Table, did_you_mean};
use hookwheel_sources::{self as sources, Source};

use super::agents::Agents;
use super::auth;
use super::file::Notes;
use super::{filter, gate, handshake, secret};

/// The largest body any webhook may take: GitHub's own limit.
const MOST_BODY: u64 = 25 << 20;
const USUAL_BODY: u64 = 1 << 20;

/// Every webhook, unless one has a mistake.
pub(super) fn read(root: &Table<'_>, agents: &Agents, notes: &mut Notes) -> Option<Vec<Webhook>> {
    let mut ids = BTreeSet::new();
    let mut webhooks = Some(Vec::new());
    let shared = Shared { agents, limits: gate::limits(root) };
    let all = root.table("webhooks");
    all.ignore_rest();
    for (slug, table) in root.each_table("webhooks") {
        let name = check_slug(&slug, &all);
        let webhook = webhook(&slug, name, &table, &shared, notes);
        if let Some(webhook) = &webhook
            && !ids.insert(webhook.id.clone())
        {
            table.mistake("id", "another webhook has this id", "give each its own, or leave `id` out");
        }
        webhooks = webhooks.zip(webhook).map(|(mut all, one)| {
            all.push(one);
            all
        });
    }
    webhooks
}

/// What all webhooks of the file share.
struct Shared<'a> {
    agents: &'a Agents,
    limits: Limits,
}

fn webhook(
    slug: &str,
    name: Option<Slug>,
    table: &Table<'_>,
    shared: &Shared<'_>,
    notes: &mut Notes,
) -> Option<Webhook> {
    let id = id(slug, table);
    let source = profile(table);
    let enabled = table.bool("enabled", true);
    let auth = auth::read(table, source.map_or(Auth::None, |source| source.default_auth()));
    let secrets = secrets(slug, table, auth.as_ref().filter(|_| source.is_some() || table.has("auth")), notes);
    let usual = if source.is_some_and(|source| source.name() == "github") { MOST_BODY } else { USUAL_BODY };
    let max_body = table.size("max_body", usual, 1..=MOST_BODY);
    let events = filter::read(table, source);
    let entity_pointers = entity_pointers(table, source);
    let delivery_key = delivery_key(table, source);
    let public_base_url = auth::public_base_url(table, auth.as_ref());
    let public_path = handshake::public_path(table, public_base_url.as_ref());
    let verify_token = handshake::verify_token(table, source, notes);
    let pairing_until = handshake::pairing_until(table, source);
    let gate = gate::read(table, shared.limits);
    let routes = routes(table, shared.agents, source);
    if routes.as_ref().is_some_and(Vec::is_empty) {
        notes.warn(
            format!("webhook {slug} has no route: its deliveries are kept and start nothing"),
            "add `routes = [{ agent = \"NAME\" }]`",
        );
    }
    if auth == Some(Auth::None) && source.is_some() {
        notes.warn(format!("webhook {slug} takes deliveries from everyone"), "give it an `auth` other than \"none\"");
    }
    Some(Webhook {
        id: id?,
        slug: name?,
        enabled,
        source: source?.name().into(),
        auth: auth?,
        secrets: secrets?,
        events,
        max_body,
        entity_pointers: entity_pointers?,
        delivery_key,
        public_base_url: public_base_url?,
        public_path: public_path?,
        verify_token: verify_token?,
        pairing_until: pairing_until?,
        gate: gate?,
        routes: routes?,
    })
}

fn check_slug(slug: &str, all: &Table<'_>) -> Option<Slug> {
    let parsed = Slug::parse(slug);
    if parsed.is_err() {
        let what = format!("{slug:?} cannot be part of a URL");
        all.mistake(slug, what, "name the webhook with 1 to 64 of a-z, 0-9 and -");
    }
    parsed.ok()
}

fn id(slug: &str, table: &Table<'_>) -> Option<WebhookId> {
    match table.has("id") {
        true => table.parsed("id", "a public id: wh_ and 16 to 40 of a-z and 0-9"),
        false => super::webhook_id(slug).ok(),
    }
}

fn profile(table: &Table<'_>) -> Option<&'static dyn Source> {
    let name = table.required_str("source", "\"github\"")?;
    let source = sources::source(&name);
    if source.is_none() {
        let known: Vec<_> = sources::all().iter().map(|source| source.name()).collect();
        let remedy = did_you_mean(&name, known.iter().copied());
        let remedy = remedy.unwrap_or_else(|| format!("write one of \"{}\"", known.join("\", \"")));
        table.mistake("source", "`source` names no source profile", remedy);
    }
    source
}

/// The live secrets. A scheme needs one; `none` must not have any.
fn secrets(slug: &str, table: &Table<'_>, auth: Option<&Auth>, notes: &Notes) -> Option<Vec<SecretRef>> {
    let written = table.has("secret") || table.has("secrets");
    let secrets = secret::of_webhook(table, notes);
    match auth {
        Some(Auth::None) if written => {
            let key = if table.has("secret") { "secret" } else { "secrets" };
            table.mistake(key, "with `auth = \"none\"` no secret is ever looked at", "remove one of the two");
            None
        }
        Some(Auth::None) | None => Some(secrets),
        // The provider is yet to say which secret it chose.
        Some(_) if !written && table.has("pairing_until") => Some(secrets),
        Some(_) if !written => {
            let variable = format!("{}_WEBHOOK_SECRET", slug.to_uppercase().replace('-', "_"));
            table.mistake(
                "secret",
                format!("[{}] lacks `secret`", table.name()),
                format!("add `secret = {{ env = \"{variable}\" }}`, or `auth = \"none\"` if everyone may post"),
            );
            None
        }
        Some(_) => (!secrets.is_empty()).then_some(secrets),
    }
}

fn entity_pointers(table: &Table<'_>, source: Option<&'static dyn Source>) -> Option<Vec<String>> {
    let pointers = table.list("entity");
    if pointers.iter().any(|pointer| !pointer.starts_with('/')) {
        table.mistake("entity", "`entity` should hold JSON pointers", "write each like \"/ticket/id\"");
        return None;
    }
    only_generic(table, "entity", source);
    Some(pointers)
}

fn delivery_key(table: &Table<'_>, source: Option<&'static dyn Source>) -> Option<KeyFrom> {
    let key = table.opt_table("delivery_key")?;
    only_generic(table, "delivery_key", source);
    match (key.opt_str("header"), key.opt_str("body")) {
        (Some(header), None) if auth::is_header_name(&header) => Some(KeyFrom::Header(header.to_ascii_lowercase())),
        (None, Some(pointer)) if pointer.starts_with('/') => Some(KeyFrom::Body(pointer)),
        _ => {
            let what = "`delivery_key` should name one header or one place in the body";
            table.mistake("delivery_key", what, "write `{ header = \"X-Id\" }` or `{ body = \"/id\" }`");
            None
        }
    }
}

/// The other profiles know where their own ids are.
fn only_generic(table: &Table<'_>, key: &str, source: Option<&'static dyn Source>) {
    if let Some(source) = source.filter(|source| source.name() != "generic" && table.has(key)) {
        let what = format!("`{key}` is for source \"generic\"; {} knows it by itself", source.name());
        table.mistake(key, what, "remove it");
    }
}

fn routes(table: &Table<'_>, agents: &Agents, source: Option<&'static dyn Source>) -> Option<Vec<Route>> {
    let mut names = BTreeSet::new();
    let tables = table.tables("routes");
    let mut routes = Some(Vec::with_capacity(tables.len()));
    for table in &tables {
        let route = route(table, agents, source);
        if let Some(route) = &route
            && !names.insert(route.name.clone())
        {
            let what = format!("two routes of this webhook are named {:?}", route.name);
            table.mistake("name", what, "give one of them another `name`; it is part of its runs' identity");
        }
        routes = routes.zip(route).map(|(mut all, one)| {
            all.push(one);
            all
        });
    }
    routes
}

fn route(table: &Table<'_>, agents: &Agents, source: Option<&'static dyn Source>) -> Option<Route> {
    let agent = table.required_str("agent", "\"triager\"");
    let name = table.opt_str("name").or_else(|| agent.clone());
    let events = filter::read(table, source);
    let modes = [("per_entity", SessionMode::PerEntity), ("per_delivery", SessionMode::PerDelivery)];
    let session = table.choice("session", SessionMode::PerEntity, &modes);
    let prompt_suffix = table.opt_str("prompt_suffix");
    let agent = agent?;
    if let Some(remedy) = agents.missing(&agent) {
        table.mistake("agent", "`agent` names no agent", remedy);
        return None;
    }
    let action = Action::Agent(AgentName::parse(agent).ok()?);
    Some(Route { name: name?, events, action, session, prompt_suffix })
}
