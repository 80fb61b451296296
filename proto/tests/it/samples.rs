//! One fixed record for every golden file, with the fact it must mean for ever.

use bytes::Bytes;
use hookwheel_core::agent::EffectClass;
use hookwheel_core::delivery::{Body, DeliveryKey, DeliveryReceived, Notice, NoticeKind, Proof};
use hookwheel_core::event::{DeliveryOutcome, Event, Field, Normalized};
use hookwheel_core::ids::{AgentName, DeliveryId, EntityKey, RunId, SessionId, SnapshotHash, WebhookId};
use hookwheel_core::journal::*;
use hookwheel_core::run::RunRequested;
use hookwheel_core::time::Timestamp;
use hookwheel_log::Append;
use hookwheel_proto::{Fact, record};

pub struct Sample {
    /// The golden file's name without `.bin`.
    pub name: String,
    pub record: Append,
    pub fact: Fact,
}

pub const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

pub fn all() -> Vec<Sample> {
    let mut all = vec![received("", Body::Inline(Bytes::from_static(b"{\"zen\":\"\\u0000\"}")))];
    all.push(received("-blob", Body::Blob { sha256: "ab".repeat(32), size: 26_214_400 }));
    all.push(outcome("delivery-normalized", Normalized::Routed { event: event(), runs: vec![run()] }));
    all.push(outcome("delivery-filtered", Normalized::Filtered { event: event(), clause: "no route".into() }));
    all.push(outcome("delivery-unroutable", Normalized::Unroutable { reason: "no such source".into() }));
    all.push(batch());
    all.push(requested("", None));
    all.push(requested("-of-a-batch", Some(3)));
    let wake = record::wake(&session(), "wake-1", Some(TRACE));
    all.push(Sample { name: "wake-v1".into(), record: wake, fact: Fact::Wake(session()) });
    all.push(notice("duplicate", NoticeKind::Duplicate, Some(delivery())));
    all.push(notice("rejected", NoticeKind::Rejected, None));
    all.push(notice("handshake", NoticeKind::Handshake, None));
    all.push(explained_notice());
    all.extend(whats().into_iter().map(|(variant, what)| entry(&variant, what)));
    all
}

fn received(variant: &str, body: Body) -> Sample {
    let fact = DeliveryReceived {
        delivery: delivery(),
        webhook: webhook(),
        source: "github".into(),
        key: DeliveryKey::new(&webhook(), "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        received_at: at(1),
        method: "POST".into(),
        headers: vec![
            ("x-github-event".into(), b"issues".to_vec()),
            ("x-odd".into(), vec![0xff, 0x00]),
            ("x-odd".into(), vec![]),
        ],
        body,
        proof: Proof { scheme: "github_hmac_sha256".into(), secret: Some(0), signed_at: Some(at(-1)) },
        snapshot: snapshot(),
        peer: "192.0.2.7:4711".into(),
        traceparent: Some(TRACE.into()),
    };
    let record = record::delivery_received(&fact);
    Sample { name: format!("delivery-received-v1{variant}"), record, fact: Fact::DeliveryReceived(fact) }
}

fn outcome(kind: &str, result: Normalized) -> Sample {
    let fact = DeliveryOutcome { delivery: delivery(), webhook: webhook(), received_at: at(1), result, events: vec![] };
    let record = record::delivery_outcome(&fact);
    Sample { name: format!("{kind}-v1"), record, fact: Fact::DeliveryOutcome(fact) }
}

fn batch() -> Sample {
    let events = vec![
        Normalized::Routed { event: event(), runs: vec![run()] },
        Normalized::Filtered { event: event(), clause: "no route".into() },
        Normalized::Unroutable { reason: "too many".into() },
    ];
    let result = events[0].clone();
    let fact = DeliveryOutcome { delivery: delivery(), webhook: webhook(), received_at: at(1), result, events };
    let record = record::delivery_outcome(&fact);
    Sample { name: "delivery-normalized-v1-batch".into(), record, fact: Fact::DeliveryOutcome(fact) }
}

fn requested(variant: &str, event_index: Option<u32>) -> Sample {
    let fact = RunRequested {
        run: run(),
        session: session(),
        delivery: delivery(),
        event_index,
        delivery_key_hash: DeliveryKey::new(&webhook(), "k").hash,
        webhook: webhook(),
        source: "github".into(),
        route: "triage".into(),
        generation: 1,
        agent: agent(),
        snapshot: snapshot(),
        event_type: Some("issues.opened".into()),
        entity: Some(entity()),
        message: "Webhook delivery\n\n---\nsnow ☃".into(),
        received_at: at(1),
        traceparent: Some(TRACE.into()),
    };
    let record = record::run_requested(&fact);
    Sample { name: format!("run-requested-v1{variant}"), record, fact: Fact::RunRequested(fact) }
}

fn notice(variant: &str, kind: NoticeKind, first: Option<DeliveryId>) -> Sample {
    let reason = "signature_invalid".into();
    let (rule, headers, more) = (String::new(), vec![], 0);
    let peer = "192.0.2.7:4711".into();
    let fact = Notice { webhook: webhook(), kind, delivery: first, reason, at: at(2), peer, rule, headers, more };
    let record = record::notice(&fact, "notice-1");
    Sample { name: format!("notice-v1-{variant}"), record, fact: Fact::Notice(fact) }
}

fn explained_notice() -> Sample {
    let Sample { fact: Fact::Notice(plain), .. } = notice("rejected", NoticeKind::Rejected, None) else {
        unreachable!()
    };
    let headers = vec!["host".into(), "x-hub-signature-256".into()];
    let fact = Notice { rule: "signature_mismatch".into(), headers, more: 4_095, ..plain };
    let record = record::notice(&fact, "notice-1");
    Sample { name: "notice-v1-rejected-explained".into(), record, fact: Fact::Notice(fact) }
}

fn entry(variant: &str, what: What) -> Sample {
    let fact = Entry { run: run(), n: 3, epoch: 2, at: at(3), traceparent: Some(TRACE.into()), what };
    let record = record::run_entry(&fact, 2);
    Sample { name: format!("run-entry-v1-{variant}"), record, fact: Fact::RunEntry(fact) }
}

fn whats() -> Vec<(String, What)> {
    let call = CallKey { turn: 2, index: 0 };
    let mut whats = vec![
        ("started".to_owned(), What::Started(started())),
        ("claimed".into(), What::Claimed { worker: "runner-0".into(), lease_until: at(40) }),
        ("model-call-started".into(), What::ModelCallStarted { turn: 2, attempt: 1, model: "default".into() }),
        ("model-turn".into(), What::ModelTurn(model_turn())),
        ("tool-call-denied".into(), What::ToolCallDenied { call, rule: "not on the agent's list".into() }),
        ("tool-call-uncertain".into(), What::ToolCallUncertain { call }),
        ("suspended".into(), What::Suspended { reason: "waiting for the provider".into(), wake_at: at(60) }),
        ("resumed".into(), What::Resumed),
        ("cancel-requested".into(), What::CancelRequested { by: "operator".into() }),
        ("unknown".into(), What::Unknown { kind: 9_999, bytes: Bytes::from_static(b"\x0a\x03new") }),
    ];
    whats.extend(model_failures());
    whats.extend(effects(call));
    whats.extend(tool_statuses(call));
    whats.extend(run_outcomes());
    whats
}

fn model_failures() -> Vec<(String, What)> {
    let classes = [
        ("retryable", ModelFailure::Retryable),
        ("rate-limited", ModelFailure::RateLimited),
        ("permanent", ModelFailure::Permanent),
        ("context-overflow", ModelFailure::ContextOverflow),
    ];
    let failed = |class| {
        let detail = "overloaded".into();
        What::ModelCallFailed { turn: 2, attempt: 1, class, detail, retry_at: Some(at(9)) }
    };
    classes.map(|(name, class)| (format!("model-call-failed-{name}"), failed(class))).into()
}

fn effects(call: CallKey) -> Vec<(String, What)> {
    let classes =
        [("read", EffectClass::Read), ("idempotent", EffectClass::Idempotent), ("effect", EffectClass::Effect)];
    let started = |effect| ToolCallStarted {
        call,
        attempt: 1,
        tool: "notes".into(),
        arguments_sha256: "cd".repeat(32),
        effect,
        idempotency_key: "run_x-t2.0".into(),
        deadline: at(60),
    };
    classes.map(|(name, effect)| (format!("tool-call-started-{name}"), What::ToolCallStarted(started(effect)))).into()
}

fn tool_statuses(call: CallKey) -> Vec<(String, What)> {
    let statuses = [("ok", ToolStatus::Ok), ("tool-error", ToolStatus::ToolError), ("timeout", ToolStatus::Timeout)];
    let finished = |status| ToolCallFinished { call, attempt: 1, status, result: "noted".into(), latency_ms: 12 };
    statuses
        .map(|(name, status)| (format!("tool-call-finished-{name}"), What::ToolCallFinished(finished(status))))
        .into()
}

fn run_outcomes() -> Vec<(String, What)> {
    let outcomes = [
        ("completed", RunOutcome::Completed),
        ("failed", RunOutcome::Failed),
        ("cancelled", RunOutcome::Cancelled),
        ("timed-out", RunOutcome::TimedOut),
        ("budget-exceeded", RunOutcome::BudgetExceeded),
        ("max-turns", RunOutcome::MaxTurns),
        ("needs-operator", RunOutcome::NeedsOperator),
    ];
    let finished = |outcome| Finished {
        outcome,
        text: "done".into(),
        error: Some("nothing to do".into()),
        totals: Totals { turns: 2, tool_calls: 1, usage: usage(), active_ms: 1234 },
    };
    outcomes.map(|(name, outcome)| (format!("finished-{name}"), What::Finished(finished(outcome)))).into()
}

fn started() -> Started {
    Started {
        session: session(),
        delivery: delivery(),
        webhook: webhook(),
        route: "triage".into(),
        agent: agent(),
        snapshot: snapshot(),
        message: "Webhook delivery".into(),
    }
}

fn model_turn() -> ModelTurn {
    ModelTurn {
        turn: 2,
        attempt: 1,
        text: Some("I will take a note.".into()),
        calls: vec![ToolCall {
            provider_id: "call_1".into(),
            tool: "notes".into(),
            arguments: "{\"text\":\"hi\"}".into(),
        }],
        usage: usage(),
        served_by: "scripted/github-issue".into(),
        latency_ms: 3,
        opaque: Bytes::from_static(b"\x00\xff"),
    }
}

fn usage() -> Usage {
    Usage { input: 1000, output: 20, cached: 300, estimated: true }
}

fn event() -> Event {
    Event {
        event_type: Some("issues.opened".into()),
        entity: Some(entity()),
        actor: Some("octocat".into()),
        summary: vec![
            Field { name: "repository".into(), value: "octo/hello".into() },
            Field { name: "title".into(), value: "it breaks \u{0}☃".into() },
        ],
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_789_000_000_000_000 + second * 1_000_000 + 7)
}

fn webhook() -> WebhookId {
    WebhookId::parse("wh_0123456789abcdef").unwrap()
}

fn delivery() -> DeliveryId {
    DeliveryId::from_uuid_bytes([0x42; 16])
}

fn run() -> RunId {
    RunId::parse(format!("run_{}", "r".repeat(32))).unwrap()
}

fn session() -> SessionId {
    SessionId::parse(format!("ses_{}", "s".repeat(32))).unwrap()
}

fn snapshot() -> SnapshotHash {
    SnapshotHash::parse("0f".repeat(32)).unwrap()
}

fn agent() -> AgentName {
    AgentName::parse("triager").unwrap()
}

fn entity() -> EntityKey {
    EntityKey::parse("github:octo/hello:issue:7").unwrap()
}
