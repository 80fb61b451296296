-- The tables are a fold of the log: they can be dropped and built again. Times are microseconds since the epoch, UTC.

-- How far each stream has been folded in.
create table checkpoints (
    stream text not null primary key,
    incarnation text not null,
    seq integer not null
) strict, without rowid;

-- What lists show of a delivery. A row may begin with its outcome or a duplicate: listed once received_at is known.
create table deliveries (
    id text not null,
    webhook text,
    source text,
    delivery_key text,
    received_at integer,
    body_size integer,
    trace_id text,
    outcome text,
    note text,
    planned_runs integer not null,
    event_type text,
    entity text,
    actor text,
    duplicates integer not null,
    state text not null,
    reason text,
    runs integer not null,
    primary key (id)
) strict, without rowid;

-- The request behind a delivery: written once.
create table requests (
    delivery text not null,
    method text not null,
    headers text not null,
    body blob,
    body_blob text,
    scheme text not null,
    secret integer,
    signed_at integer,
    snapshot text not null,
    peer text not null,
    primary key (delivery)
) strict;

-- What a delivery means: written once.
create table events (
    delivery text not null,
    event_type text,
    entity text,
    actor text,
    summary text not null,
    primary key (delivery)
) strict, without rowid;

-- A row may begin with its request or its journal: listed once delivery is known.
create table runs (
    id text not null,
    delivery text,
    webhook text,
    route text,
    agent text,
    session text,
    message text,
    requested integer not null,
    received_at integer,
    entity text,
    entries integer not null,
    state text not null,
    started_at integer,
    finished_at integer,
    last_at integer,
    model text,
    scripted integer not null,
    turns integer not null,
    tool_calls integer not null,
    input_tokens integer not null,
    output_tokens integer not null,
    claims integer not null,
    text text,
    error text,
    calls text,
    primary key (id)
) strict;

-- Model turns and tool calls.
create table steps (
    run text not null,
    key text not null,
    n integer not null,
    kind text not null,
    name text not null,
    status text not null,
    attempts integer not null,
    arguments text,
    result text,
    started_at integer not null,
    latency_ms integer,
    input_tokens integer,
    output_tokens integer,
    primary key (run, key)
) strict;

-- Duplicates and sampled rejections, under their position in the log.
create table notices (
    stream text not null,
    seq integer not null,
    webhook text not null,
    kind text not null,
    delivery text,
    reason text not null,
    at integer not null,
    peer text not null,
    primary key (stream, seq)
) strict, without rowid;

-- A mirror of the configuration; not folded.
create table webhooks (
    id text not null,
    slug text not null,
    source text not null,
    enabled integer not null,
    snapshot text not null,
    primary key (id)
) strict, without rowid;

create index deliveries_by_time on deliveries (received_at, id);
create index deliveries_by_webhook on deliveries (webhook, received_at, id);
create index deliveries_by_state on deliveries (state, received_at, id);
create index deliveries_by_event_type on deliveries (event_type, received_at, id);
create index deliveries_by_entity on deliveries (entity, received_at, id);
create index runs_by_delivery on runs (delivery, id);
create index runs_by_webhook on runs (webhook, delivery, id);
create index runs_by_agent on runs (agent, delivery, id);
create index runs_by_state on runs (state, delivery, id);
create index runs_by_session on runs (session, delivery, id);
create index notices_by_time on notices (at);
create index notices_by_webhook on notices (webhook, at);
create index notices_by_delivery on notices (delivery);
