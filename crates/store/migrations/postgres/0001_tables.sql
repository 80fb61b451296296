-- The tables are a fold of the log: they can be dropped and built again. Times are microseconds since the epoch, UTC.
-- Ids are compared byte by byte, as on every engine.

-- How far each stream has been folded in.
create table checkpoints (
    stream text collate "C" primary key,
    incarnation text not null,
    seq bigint not null
);

-- What lists show of a delivery. A row may begin with its outcome or a duplicate: listed once received_at is known.
create table deliveries (
    id text collate "C" not null,
    webhook text collate "C",
    source text,
    delivery_key text,
    received_at bigint,
    body_size bigint,
    trace_id text,
    outcome text,
    note text,
    planned_runs bigint not null,
    event_type text,
    entity text,
    actor text,
    duplicates bigint not null,
    state text not null,
    reason text,
    runs bigint not null,
    primary key (id)
);

-- The request behind a delivery: written once.
create table requests (
    delivery text collate "C" not null,
    method text not null,
    headers text not null,
    body bytea,
    body_blob text,
    scheme text not null,
    secret bigint,
    signed_at bigint,
    snapshot text not null,
    peer text not null,
    primary key (delivery)
);

-- What a delivery means: written once.
create table events (
    delivery text collate "C" not null,
    event_type text,
    entity text,
    actor text,
    summary text not null,
    primary key (delivery)
);

-- A row may begin with its request or its journal: listed once delivery is known.
create table runs (
    id text collate "C" not null,
    delivery text collate "C",
    webhook text collate "C",
    route text,
    agent text collate "C",
    session text collate "C",
    message text,
    requested boolean not null,
    received_at bigint,
    entity text,
    entries bigint not null,
    state text not null,
    started_at bigint,
    finished_at bigint,
    last_at bigint,
    model text,
    scripted boolean not null,
    turns bigint not null,
    tool_calls bigint not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    claims bigint not null,
    text text,
    error text,
    calls text,
    primary key (id)
);

-- Model turns and tool calls.
create table steps (
    run text collate "C" not null,
    key text collate "C" not null,
    n bigint not null,
    kind text not null,
    name text not null,
    status text not null,
    attempts bigint not null,
    arguments text,
    result text,
    started_at bigint not null,
    latency_ms bigint,
    input_tokens bigint,
    output_tokens bigint,
    primary key (run, key)
);

-- Duplicates and sampled rejections, under their position in the log.
create table notices (
    stream text collate "C" not null,
    seq bigint not null,
    webhook text collate "C" not null,
    kind text not null,
    delivery text collate "C",
    reason text not null,
    at bigint not null,
    peer text not null,
    primary key (stream, seq)
);

-- A mirror of the configuration; not folded.
create table webhooks (
    id text collate "C" not null,
    slug text collate "C" not null,
    source text not null,
    enabled boolean not null,
    snapshot text not null,
    primary key (id)
);

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
