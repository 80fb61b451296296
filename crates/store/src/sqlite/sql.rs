//! Every statement but the lists. Columns in the order of `record`.

pub(super) const SAVE_DELIVERIES: &str = r"
    insert into deliveries (
        id, webhook, source, delivery_key, received_at, body_size, trace_id, outcome, note, planned_runs,
        event_type, entity, actor, duplicates, state, reason, runs
    )
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set
        webhook = excluded.webhook, source = excluded.source, delivery_key = excluded.delivery_key,
        received_at = excluded.received_at, body_size = excluded.body_size, trace_id = excluded.trace_id,
        outcome = excluded.outcome, note = excluded.note, planned_runs = excluded.planned_runs,
        event_type = excluded.event_type, entity = excluded.entity, actor = excluded.actor,
        duplicates = excluded.duplicates, state = excluded.state, reason = excluded.reason, runs = excluded.runs";

pub(super) const SAVE_REQUESTS: &str = r"
    insert into requests (
        delivery, method, headers, body, body_blob, scheme, secret, signed_at, snapshot, peer
    )
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (delivery) do nothing";

pub(super) const SAVE_EVENTS: &str = r"
    insert into events (
        delivery, event_index, outcome, note, planned_runs, event_type, entity, actor, summary
    )
    values (?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (delivery, event_index) do nothing";

pub(super) const SAVE_RUNS: &str = r"
    insert into runs (
        id, delivery, webhook, route, agent, session, message, requested, received_at, entity, event_index, entries,
        state, started_at, finished_at, last_at, model, scripted, turns, tool_calls, input_tokens, output_tokens,
        claims, text, error, calls
    )
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set
        delivery = excluded.delivery, webhook = excluded.webhook, route = excluded.route,
        agent = excluded.agent, session = excluded.session, message = excluded.message,
        requested = excluded.requested, received_at = excluded.received_at, entity = excluded.entity,
        event_index = excluded.event_index, entries = excluded.entries, state = excluded.state, started_at = excluded.started_at,
        finished_at = excluded.finished_at, last_at = excluded.last_at, model = excluded.model,
        scripted = excluded.scripted, turns = excluded.turns, tool_calls = excluded.tool_calls,
        input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, claims = excluded.claims,
        text = excluded.text, error = excluded.error, calls = excluded.calls";

pub(super) const SAVE_STEPS: &str = r"
    insert into steps (
        run, key, n, kind, name, status, attempts, arguments, result, started_at, latency_ms, input_tokens,
        output_tokens
    )
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (run, key) do update set
        n = excluded.n, kind = excluded.kind, name = excluded.name, status = excluded.status,
        attempts = excluded.attempts, arguments = excluded.arguments, result = excluded.result,
        started_at = excluded.started_at, latency_ms = excluded.latency_ms,
        input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens";

pub(super) const SAVE_NOTICES: &str = r"
    insert into notices (
        stream, seq, webhook, kind, delivery, reason, at, peer, rule, headers, more
    )
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (stream, seq) do nothing";

pub(super) const SAVE_WEBHOOKS: &str = r"
    insert into webhooks (
        id, slug, source, enabled, snapshot
    )
    values (?, ?, ?, ?, ?)";

pub(super) const SET_CHECKPOINT: &str = r"
    insert into checkpoints (stream, incarnation, seq) values (?, ?, ?)
    on conflict (stream) do update set incarnation = excluded.incarnation, seq = excluded.seq";

pub(super) const DELIVERIES: &str = "select * from deliveries where id in (select value from json_each(?))";
pub(super) const RUNS: &str = "select * from runs where id in (select value from json_each(?))";
pub(super) const STEPS: &str = r"
    select steps.* from json_each(?) as wanted
    join steps on steps.run = wanted.value ->> 0 and steps.key = wanted.value ->> 1";
pub(super) const STANDINGS: &str =
    "select id, delivery, state, error from runs where delivery in (select value from json_each(?))";

pub(super) const RESET: &str = r"
    delete from deliveries;
    delete from requests;
    delete from events;
    delete from runs;
    delete from steps;
    delete from notices;
    delete from checkpoints;";

/// Takes a time, an id and a limit.
pub(super) const OLD_DELIVERIES: &str = r"
    select id, received_at is not null from deliveries
    where received_at < ?1 or (received_at is null and id < ?2)
    limit ?3";

/// Each takes a list of ids.
pub(super) const DELETE_DELIVERIES: &[&str] = &[
    "delete from requests where delivery in (select value from json_each(?))",
    "delete from events where delivery in (select value from json_each(?))",
    "delete from notices where delivery in (select value from json_each(?))",
    r"delete from steps where run in
        (select id from runs where delivery in (select value from json_each(?)))",
    "delete from runs where delivery in (select value from json_each(?))",
    "delete from deliveries where id in (select value from json_each(?))",
];

/// Takes a time.
pub(super) const DELETE_REJECTIONS: &str = "delete from notices where delivery is null and at < ?1";

/// Each takes a time and an id.
pub(super) const DELETE_STRAYS: &[&str] = &[
    r"delete from steps where run in (
        select id from runs where (delivery is null and last_at < ?1)
        or (delivery < ?2 and not exists (select 1 from deliveries where deliveries.id = runs.delivery)))",
    r"delete from runs where (delivery is null and last_at < ?1)
        or (delivery < ?2 and not exists (select 1 from deliveries where deliveries.id = runs.delivery))",
];
