//! From rows as stored to rows as read.

use hookwheel_core::{Timestamp, rejection};

use crate::record::{DeliveryRecord, EventRecord, NoticeRecord, RequestRecord, RunRecord, StepRecord, WebhookListing};
use crate::row::{DeliveryDetail, DeliveryRow, EventRow, HeaderRow, NoticeRow, RunDetail, RunRow, StepRow, WebhookRow};
use crate::text::unpack;

pub(crate) fn delivery(row: DeliveryRecord) -> DeliveryRow {
    DeliveryRow {
        id: row.id,
        webhook: row.webhook.unwrap_or_default(),
        source: text(row.source),
        state: row.state,
        event_type: row.event_type.map(unpack),
        entity: row.entity.map(unpack),
        actor: row.actor.map(unpack),
        delivery_key: text(row.delivery_key),
        received_at: time(row.received_at.unwrap_or_default()),
        body_size: count(row.body_size.unwrap_or_default()),
        reason: row.reason.map(unpack),
        runs: small(row.runs),
        duplicates: count(row.duplicates),
        trace_id: row.trace_id,
    }
}

pub(crate) fn delivery_detail(
    row: DeliveryRecord,
    request: RequestRecord,
    events: Vec<EventRecord>,
    mut runs: Vec<RunRecord>,
) -> DeliveryDetail {
    runs.sort_by(|a, b| (a.started_at.unwrap_or(i64::MAX), &a.id).cmp(&(b.started_at.unwrap_or(i64::MAX), &b.id)));
    let mut events = event_rows(events);
    DeliveryDetail {
        event: events.first().cloned(),
        events: if events.len() > 1 { std::mem::take(&mut events) } else { Vec::new() },
        row: delivery(row),
        method: unpack(request.method),
        headers: pairs(&request.headers).into_iter().map(|(name, value)| HeaderRow { name, value }).collect(),
        body: request.body,
        body_blob: request.body_blob.map(unpack),
        scheme: unpack(request.scheme),
        secret: request.secret.map(small),
        signed_at: request.signed_at.map(time),
        snapshot: request.snapshot,
        peer: unpack(request.peer),
        run_rows: runs.into_iter().map(run).collect(),
    }
}

fn event_rows(events: Vec<EventRecord>) -> Vec<EventRow> {
    let is_batch = events.len() > 1;
    let row = |event: EventRecord| EventRow {
        id: if is_batch { format!("{}#{}", event.delivery, event.event_index) } else { event.delivery },
        outcome: event.outcome,
        reason: event.note.map(unpack),
        runs: small(event.planned_runs),
        event_type: event.event_type.map(unpack),
        entity: event.entity.map(unpack),
        actor: event.actor.map(unpack),
        summary: pairs(&event.summary),
    };
    events.into_iter().map(row).collect()
}

pub(crate) fn run(row: RunRecord) -> RunRow {
    RunRow {
        id: row.id,
        delivery: row.delivery.unwrap_or_default(),
        event_index: row.event_index.map(small),
        webhook: row.webhook.unwrap_or_default(),
        route: text(row.route),
        agent: row.agent.unwrap_or_default(),
        session: row.session.unwrap_or_default(),
        entity: row.entity.map(unpack),
        state: row.state,
        model: row.model.map(unpack),
        received_at: time(row.received_at.unwrap_or_default()),
        started_at: row.started_at.map(time),
        finished_at: row.finished_at.map(time),
        turns: small(row.turns),
        tool_calls: small(row.tool_calls),
        input_tokens: count(row.input_tokens),
        output_tokens: count(row.output_tokens),
        claims: small(row.claims),
        text: row.text.map(unpack),
        error: row.error.map(unpack),
    }
}

pub(crate) fn run_detail(mut row: RunRecord, steps: Vec<StepRecord>) -> RunDetail {
    RunDetail {
        scripted: row.scripted,
        message: text(row.message.take()),
        steps: steps.into_iter().map(step).collect(),
        row: run(row),
    }
}

pub(crate) fn notice(row: NoticeRecord) -> NoticeRow {
    let rule = unpack(row.rule);
    let explained = rejection::explain(&rule);
    NoticeRow {
        because: explained.map(|rejection| rejection.because),
        remedy: explained.map(|rejection| rejection.remedy),
        rule: Some(rule).filter(|rule| !rule.is_empty()),
        headers: serde_json::from_str(&row.headers).unwrap_or_default(),
        more: count(row.more),
        webhook: row.webhook,
        kind: row.kind,
        delivery: row.delivery,
        reason: unpack(row.reason),
        at: time(row.at),
        peer: unpack(row.peer),
    }
}

pub(crate) fn webhook(row: WebhookListing) -> WebhookRow {
    WebhookRow {
        id: row.id,
        slug: row.slug,
        source: unpack(row.source),
        enabled: row.enabled,
        snapshot: row.snapshot,
        deliveries: count(row.deliveries),
        last_delivery_at: row.last_delivery_at.map(time),
    }
}

fn step(row: StepRecord) -> StepRow {
    StepRow {
        n: small(row.n),
        kind: row.kind,
        key: row.key,
        name: unpack(row.name),
        status: row.status,
        attempts: small(row.attempts),
        arguments: row.arguments.map(unpack),
        result: row.result.map(unpack),
        started_at: time(row.started_at),
        latency_ms: row.latency_ms.map(count),
        input_tokens: row.input_tokens.map(count),
        output_tokens: row.output_tokens.map(count),
    }
}

fn text(packed: Option<String>) -> String {
    packed.map(unpack).unwrap_or_default()
}

fn pairs(json: &str) -> Vec<(String, String)> {
    serde_json::from_str(json).unwrap_or_default()
}

pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(crate) fn count(column: i64) -> u64 {
    u64::try_from(column).unwrap_or_default()
}

fn small(column: i64) -> u32 {
    u32::try_from(column).unwrap_or(u32::MAX)
}
