//! Every statement but the lists. Columns in the order of `record`.

pub(super) const SAVE_DELIVERIES: &str = r"
    insert into deliveries (
        id, webhook, source, delivery_key, received_at, body_size, trace_id, outcome, note, planned_runs,
        event_type, entity, actor, duplicates, state, reason, runs
    )
    select * from unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
        $9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::text[],
        $16::text[], $17::bigint[]
    )
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
    select * from unnest(
        $1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
        $9::text[], $10::text[]
    )
    on conflict (delivery) do nothing";

pub(super) const SAVE_EVENTS: &str = r"
    insert into events (
        delivery, event_index, outcome, note, planned_runs, event_type, entity, actor, summary
    )
    select * from unnest(
        $1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
        $9::text[]
    )
    on conflict (delivery, event_index) do nothing";

pub(super) const SAVE_RUNS: &str = r"
    insert into runs (
        id, delivery, webhook, route, agent, session, message, requested, received_at, entity, event_index, entries,
        state, started_at, finished_at, last_at, model, scripted, turns, tool_calls, input_tokens, output_tokens,
        claims, text, error, calls
    )
    select * from unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
        $9::bigint[], $10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::bigint[],
        $16::bigint[], $17::text[], $18::boolean[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[],
        $23::bigint[], $24::text[], $25::text[], $26::text[]
    )
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
    select * from unnest(
        $1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[],
        $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[]
    )
    on conflict (run, key) do update set
        n = excluded.n, kind = excluded.kind, name = excluded.name, status = excluded.status,
        attempts = excluded.attempts, arguments = excluded.arguments, result = excluded.result,
        started_at = excluded.started_at, latency_ms = excluded.latency_ms,
        input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens";

pub(super) const SAVE_NOTICES: &str = r"
    insert into notices (
        stream, seq, webhook, kind, delivery, reason, at, peer, rule, headers, more
    )
    select * from unnest(
        $1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[],
        $9::text[], $10::text[], $11::bigint[]
    )
    on conflict (stream, seq) do nothing";

pub(super) const SAVE_WEBHOOKS: &str = r"
    insert into webhooks (
        id, slug, source, enabled, snapshot
    )
    select * from unnest(
        $1::text[], $2::text[], $3::text[], $4::boolean[], $5::text[]
    )";

/// Held to the end of the transaction by whoever folds, resets or prunes: one at a time, so that what is derived from
/// the rows of several streams is derived from what is there. Readers don't wait for it.
pub(super) const ONE_AT_A_TIME: &str = "select pg_advisory_xact_lock(7235421907761123)";

pub(super) const SET_CHECKPOINT: &str = r"
    insert into checkpoints (stream, incarnation, seq) values ($1, $2, $3)
    on conflict (stream) do update set incarnation = excluded.incarnation, seq = excluded.seq";

pub(super) const DELIVERIES: &str = "select * from deliveries where id = any($1)";
pub(super) const RUNS: &str = "select * from runs where id = any($1)";
pub(super) const STEPS: &str = r"
    select steps.* from unnest($1::text[], $2::text[]) as wanted (run, key)
    join steps on steps.run = wanted.run and steps.key = wanted.key";
pub(super) const STANDINGS: &str = "select id, delivery, state, error from runs where delivery = any($1)";

pub(super) const RESET: &str = "truncate deliveries, requests, events, runs, steps, notices, checkpoints";

/// Takes a time, an id and a limit.
pub(super) const OLD_DELIVERIES: &str = r"
    select id, received_at is not null from deliveries
    where received_at < $1 or (received_at is null and id < $2)
    limit $3";

/// Each takes an array of ids.
pub(super) const DELETE_DELIVERIES: &[&str] = &[
    "delete from requests where delivery = any($1)",
    "delete from events where delivery = any($1)",
    "delete from notices where delivery = any($1)",
    "delete from steps where run in (select id from runs where delivery = any($1))",
    "delete from runs where delivery = any($1)",
    "delete from deliveries where id = any($1)",
];

/// Takes a time.
pub(super) const DELETE_REJECTIONS: &str = "delete from notices where delivery is null and at < $1";

/// Each takes a time and an id.
pub(super) const DELETE_STRAYS: &[&str] = &[
    r"delete from steps where run in (
        select id from runs where (delivery is null and last_at < $1)
        or (delivery < $2 and not exists (select 1 from deliveries where deliveries.id = runs.delivery)))",
    r"delete from runs where (delivery is null and last_at < $1)
        or (delivery < $2 and not exists (select 1 from deliveries where deliveries.id = runs.delivery))",
];
