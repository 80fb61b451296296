//! Any fact of each kind, for property tests.

use bytes::Bytes;
use hookwheel_core::agent::EffectClass;
use hookwheel_core::delivery::{Body, DeliveryKey, DeliveryReceived, Notice, NoticeKind, Proof};
use hookwheel_core::event::{DeliveryOutcome, Event, Field, Normalized};
use hookwheel_core::ids::*;
use hookwheel_core::journal::*;
use hookwheel_core::run::RunRequested;
use hookwheel_core::time::Timestamp;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

prop_compose! {
    pub fn delivery_received()(
        delivery in delivery(), webhook in webhook(), source in text(), key in text(), received_at in time(),
        method in text(), headers in vec((text(), vec(any::<u8>(), 0..20)), 0..5), body in body(), proof in proof(),
        snapshot in snapshot(), peer in text(), traceparent in of(traceparent()),
    ) -> DeliveryReceived {
        let key = DeliveryKey::new(&webhook, key);
        DeliveryReceived {
            delivery, webhook, source, key, received_at, method, headers, body, proof, snapshot, peer, traceparent,
        }
    }
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        vec(any::<u8>(), 0..300).prop_map(|bytes| Body::Inline(bytes.into())),
        ("[0-9a-f]{64}", any::<u64>()).prop_map(|(sha256, size)| Body::Blob { sha256, size }),
    ]
}

fn proof() -> impl Strategy<Value = Proof> {
    (text(), of(any::<u32>()), of(time())).prop_map(|(scheme, secret, signed_at)| Proof { scheme, secret, signed_at })
}

prop_compose! {
    pub fn delivery_outcome()(
        delivery in delivery(), webhook in webhook(), received_at in time(), result in normalized(),
        events in vec(normalized(), 0..4),
    ) -> DeliveryOutcome {
        DeliveryOutcome { delivery, webhook, received_at, result, events }
    }
}

fn normalized() -> impl Strategy<Value = Normalized> {
    prop_oneof![
        (event(), vec(run(), 0..4)).prop_map(|(event, runs)| Normalized::Routed { event, runs }),
        (event(), text()).prop_map(|(event, clause)| Normalized::Filtered { event, clause }),
        text().prop_map(|reason| Normalized::Unroutable { reason }),
    ]
}

prop_compose! {
    fn event()(
        event_type in of(text()), entity in of(entity()), actor in of(text()),
        summary in vec((text(), text()).prop_map(|(name, value)| Field { name, value }), 0..4),
    ) -> Event {
        Event { event_type, entity, actor, summary }
    }
}

prop_compose! {
    pub fn run_requested()(
        (run, session, delivery, webhook, snapshot, agent) in
            (run(), session(), delivery(), webhook(), snapshot(), agent()),
        delivery_key_hash in "[a-z2-7]{32}", source in text(), route in text(), generation in any::<u32>(),
        event_type in of(text()), entity in of(entity()), message in text(), received_at in time(),
        traceparent in of(traceparent()), event_index in of(any::<u32>()),
    ) -> RunRequested {
        RunRequested {
            run, session, delivery, event_index, delivery_key_hash, webhook, source, route, generation, agent, snapshot,
            event_type, entity, message, received_at, traceparent,
        }
    }
}

prop_compose! {
    pub fn notice()(
        webhook in webhook(), kind in select(vec![NoticeKind::Duplicate, NoticeKind::Rejected, NoticeKind::Handshake]),
        delivery in of(delivery()), reason in text(), at in time(), peer in text(), rule in text(),
        headers in vec(text(), 0..4), more in any::<u64>(),
    ) -> Notice {
        Notice { webhook, kind, delivery, reason, at, peer, rule, headers, more }
    }
}

prop_compose! {
    pub fn entry()(
        run in run(), n in any::<u32>(), epoch in any::<u32>(), at in time(), traceparent in of(traceparent()),
        what in what(),
    ) -> Entry {
        Entry { run, n, epoch, at, traceparent, what }
    }
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        started().prop_map(What::Started),
        (text(), time()).prop_map(|(worker, lease_until)| What::Claimed { worker, lease_until }),
        (any::<u32>(), any::<u32>(), text()).prop_map(|(turn, attempt, model)| What::ModelCallStarted {
            turn,
            attempt,
            model
        }),
        model_call_failed(),
        model_turn().prop_map(What::ModelTurn),
        (call(), text()).prop_map(|(call, rule)| What::ToolCallDenied { call, rule }),
        tool_call_started().prop_map(What::ToolCallStarted),
        tool_call_finished().prop_map(What::ToolCallFinished),
        call().prop_map(|call| What::ToolCallUncertain { call }),
        (text(), time()).prop_map(|(reason, wake_at)| What::Suspended { reason, wake_at }),
        Just(What::Resumed),
        text().prop_map(|by| What::CancelRequested { by }),
        finished().prop_map(What::Finished),
        (1000..=u32::MAX, vec(any::<u8>(), 0..50))
            .prop_map(|(kind, bytes)| What::Unknown { kind, bytes: Bytes::from(bytes) }),
    ]
}

prop_compose! {
    fn started()(
        session in session(), delivery in delivery(), webhook in webhook(), route in text(), agent in agent(),
        snapshot in snapshot(), message in text(),
    ) -> Started {
        Started { session, delivery, webhook, route, agent, snapshot, message }
    }
}

fn model_call_failed() -> impl Strategy<Value = What> {
    use ModelFailure::*;
    let class = select(vec![Retryable, RateLimited, Permanent, ContextOverflow]);
    (any::<u32>(), any::<u32>(), class, text(), of(time())).prop_map(|(turn, attempt, class, detail, retry_at)| {
        What::ModelCallFailed { turn, attempt, class, detail, retry_at }
    })
}

prop_compose! {
    fn model_turn()(
        turn in any::<u32>(), attempt in any::<u32>(), text in of(text()), calls in vec(tool_call(), 0..4),
        usage in usage(), served_by in text(), latency_ms in any::<u64>(), opaque in vec(any::<u8>(), 0..50),
    ) -> ModelTurn {
        ModelTurn { turn, attempt, text, calls, usage, served_by, latency_ms, opaque: opaque.into() }
    }
}

fn tool_call() -> impl Strategy<Value = ToolCall> {
    (text(), text(), text()).prop_map(|(provider_id, tool, arguments)| ToolCall { provider_id, tool, arguments })
}

prop_compose! {
    fn tool_call_started()(
        call in call(), attempt in any::<u32>(), tool in text(), arguments_sha256 in text(),
        effect in select(vec![EffectClass::Read, EffectClass::Idempotent, EffectClass::Effect]),
        idempotency_key in text(), deadline in time(),
    ) -> ToolCallStarted {
        ToolCallStarted { call, attempt, tool, arguments_sha256, effect, idempotency_key, deadline }
    }
}

prop_compose! {
    fn tool_call_finished()(
        call in call(), attempt in any::<u32>(),
        status in select(vec![ToolStatus::Ok, ToolStatus::ToolError, ToolStatus::Timeout]),
        result in text(), latency_ms in any::<u64>(),
    ) -> ToolCallFinished {
        ToolCallFinished { call, attempt, status, result, latency_ms }
    }
}

prop_compose! {
    fn finished()(
        outcome in select({
            use RunOutcome::*;
            vec![Completed, Failed, Cancelled, TimedOut, BudgetExceeded, MaxTurns, NeedsOperator]
        }),
        text in text(), error in of(text()), turns in any::<u32>(), tool_calls in any::<u32>(), usage in usage(),
        active_ms in any::<u64>(),
    ) -> Finished {
        Finished { outcome, text, error, totals: Totals { turns, tool_calls, usage, active_ms } }
    }
}

fn usage() -> impl Strategy<Value = Usage> {
    any::<(u64, u64, u64, bool)>().prop_map(|(input, output, cached, estimated)| Usage {
        input,
        output,
        cached,
        estimated,
    })
}

fn call() -> impl Strategy<Value = CallKey> {
    any::<(u32, u32)>().prop_map(|(turn, index)| CallKey { turn, index })
}

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..20).prop_map(String::from_iter)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_micros)
}

fn traceparent() -> impl Strategy<Value = String> {
    "00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]"
}

fn webhook() -> impl Strategy<Value = WebhookId> {
    "wh_[a-z0-9]{16,40}".prop_map(|text| WebhookId::parse(text).unwrap())
}

fn delivery() -> impl Strategy<Value = DeliveryId> {
    any::<[u8; 16]>().prop_map(DeliveryId::from_uuid_bytes)
}

fn run() -> impl Strategy<Value = RunId> {
    "run_[a-z2-7]{32}".prop_map(|text| RunId::parse(text).unwrap())
}

pub fn session() -> impl Strategy<Value = SessionId> {
    "ses_[a-z2-7]{32}".prop_map(|text| SessionId::parse(text).unwrap())
}

fn snapshot() -> impl Strategy<Value = SnapshotHash> {
    "[0-9a-f]{64}".prop_map(|text| SnapshotHash::parse(text).unwrap())
}

fn agent() -> impl Strategy<Value = AgentName> {
    "[a-z0-9_-]{1,64}".prop_map(|text| AgentName::parse(text).unwrap())
}

fn entity() -> impl Strategy<Value = EntityKey> {
    "[a-z]{1,9}:[^\\p{Cc}]{1,40}".prop_map(|text| EntityKey::parse(text).unwrap())
}
