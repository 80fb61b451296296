//! S6: whatever a sender, a model or a tool says comes back as it was.

use hookwheel_core::delivery::Body;
use hookwheel_core::event::{Event, Field, Normalized};
use hookwheel_core::journal::{CallKey, Finished, ModelTurn, RunOutcome, ToolCall, What};

use super::facts::{self, DELIVERIES, EVENTS, Journal, NOTICES, RUNS, at, received, requested};
use super::{Harness, apply, opened};
use crate::Change;

/// NUL, our own escape, quotes, wildcards, terminal sequences, writing directions, unpaired combining marks.
const ODD: &str = "\0a\u{1a}0\u{1a}\0'\"\\\\u0000\\x00%_\n\r\u{1b}[31m\u{202e}\u{feff}e\u{301}\u{fffd}\u{10ffff}🦀";

/// S6: a batch event by event, each with its own result.
pub async fn s6_a_batch_comes_back_event_by_event(harness: &dyn Harness) {
    let store = opened(harness).await;
    let delivery = received(1, at(1));
    let mut request = requested(&delivery, "main");
    request.event_index = Some(1);
    let runs = vec![request.run.clone()];
    let mut outcome = facts::routed(&delivery, &[request.clone()]);
    outcome.events = vec![
        Normalized::Filtered { event: facts::event(), clause: ODD.into() },
        Normalized::Routed { event: facts::event(), runs },
        Normalized::Unroutable { reason: "too many".into() },
    ];
    apply(&*store, DELIVERIES, [Change::Delivery(Box::new(delivery.clone()))]).await;
    apply(&*store, EVENTS, [Change::Requested(Box::new(request)), Change::Outcome(Box::new(outcome))]).await;

    let got = store.delivery(delivery.delivery.as_str()).await.unwrap().unwrap();
    let seen: Vec<_> = got.events.iter().map(|e| (e.outcome.as_str(), e.reason.as_deref(), e.runs)).collect();
    assert_eq!(seen, [("filtered", Some(ODD), 0), ("routed", None, 1), ("unroutable", Some("too many"), 0)]);
    assert_eq!(got.events[1].id, format!("{}#1", delivery.delivery));
    assert_eq!(got.event.as_ref(), got.events.first());
    assert_eq!((got.row.state.as_str(), got.row.runs, got.run_rows[0].event_index), ("queued", 1, Some(1)));
}

/// S6: in every text column of every table.
pub async fn s6_odd_text_comes_back_as_it_was(harness: &dyn Harness) {
    let store = opened(harness).await;
    let odd = || ODD.to_owned();
    let mut delivery = received(1, at(1));
    delivery.source = odd();
    delivery.key.text = odd();
    delivery.method = odd();
    delivery.peer = odd();
    delivery.proof.scheme = odd();
    delivery.headers = vec![("x-odd".into(), ODD.into()), ("x-bytes".into(), b"\xff\0\xc3\xa9".to_vec())];
    delivery.traceparent = Some(odd());
    let event = Event {
        event_type: Some(odd()),
        entity: None,
        actor: Some(odd()),
        summary: vec![Field { name: odd(), value: odd() }, Field { name: odd(), value: String::new() }],
    };
    let mut request = requested(&delivery, ODD);
    request.message = odd();
    let outcome = facts::outcome(&delivery, Normalized::Routed { event, runs: vec![request.run.clone()] });
    let mut notice = facts::duplicate(&delivery, at(2));
    (notice.reason, notice.peer, notice.rule) = (odd(), odd(), odd());
    (notice.headers, notice.more) = (vec![odd()], u64::from(u32::MAX));
    apply(&*store, DELIVERIES, [Change::Delivery(Box::new(delivery.clone()))]).await;
    apply(&*store, EVENTS, [Change::Requested(Box::new(request.clone())), Change::Outcome(Box::new(outcome))]).await;
    apply(&*store, RUNS, odd_journal(&request).entries.into_iter().map(|entry| Change::Entry(Box::new(entry)))).await;
    apply(&*store, NOTICES, [Change::Notice(Box::new(notice))]).await;

    let got = store.delivery(delivery.delivery.as_str()).await.unwrap().unwrap();
    for text in [&got.row.source, &got.row.delivery_key, &got.method, &got.peer, &got.scheme, &got.headers[0].value] {
        assert_eq!(text, ODD);
    }
    assert_eq!(got.headers[1].value, "\\xff\0é");
    assert_eq!((got.row.reason.as_deref(), got.row.trace_id), (Some(ODD), None));
    let event = got.event.unwrap();
    assert_eq!((event.event_type.as_deref(), event.actor.as_deref()), (Some(ODD), Some(ODD)));
    assert_eq!(event.summary, [(odd(), odd()), (odd(), String::new())]);

    let run = store.run(request.run.as_str()).await.unwrap().unwrap();
    for text in [Some(&run.message), Some(&run.row.route), run.row.model.as_ref(), run.row.text.as_ref()] {
        assert_eq!(text.map(String::as_str), Some(ODD));
    }
    assert_eq!(run.row.error.as_deref(), Some(ODD));
    let [model, tool] = run.steps.as_slice() else { panic!("{:?}", run.steps) };
    assert_eq!((model.name.as_str(), model.result.as_deref()), (ODD, Some(ODD)));
    assert_eq!((tool.name.as_str(), tool.arguments.as_deref(), tool.result.as_deref()), (ODD, Some(ODD), Some(ODD)));

    let notices = store.notices(None, None, 10).await.unwrap();
    assert_eq!((notices[0].reason.as_str(), notices[0].peer.as_str()), (ODD, ODD));
    assert_eq!((notices[0].rule.as_deref(), notices[0].headers.as_slice()), (Some(ODD), &[odd()][..]));
    assert_eq!((notices[0].more, notices[0].because), (u64::from(u32::MAX), None));
}

fn odd_journal(request: &hookwheel_core::run::RunRequested) -> Journal {
    let odd = || ODD.to_owned();
    Journal::of(request)
        .started()
        .with(What::ModelTurn(ModelTurn {
            turn: 1,
            attempt: 1,
            text: Some(odd()),
            calls: vec![ToolCall { provider_id: odd(), tool: odd(), arguments: odd() }],
            usage: Default::default(),
            served_by: odd(),
            latency_ms: u64::MAX,
            opaque: Vec::new().into(),
        }))
        .with(What::ToolCallDenied { call: CallKey { turn: 1, index: 0 }, rule: odd() })
        .with(What::Finished(Finished {
            outcome: RunOutcome::Failed,
            text: odd(),
            error: Some(odd()),
            totals: Default::default(),
        }))
}

/// S6: every byte value, and more bytes than any record on the log carries.
pub async fn s6_a_large_body_comes_back_byte_for_byte(harness: &dyn Harness) {
    let store = opened(harness).await;
    let bytes: Vec<u8> = (0..5 * 1024 * 1024_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut large = received(1, at(1));
    large.body = Body::Inline(bytes.clone().into());
    let mut empty = received(2, at(2));
    empty.body = Body::Inline(Vec::new().into());
    let mut blob = received(3, at(3));
    blob.body = Body::Blob { sha256: "0".repeat(64), size: 25 * 1024 * 1024 };
    let all = [large, empty, blob];
    apply(&*store, DELIVERIES, all.iter().map(|delivery| Change::Delivery(Box::new(delivery.clone())))).await;

    let mut got = Vec::new();
    for delivery in &all {
        got.push(store.delivery(delivery.delivery.as_str()).await.unwrap().unwrap());
    }
    assert!(got[0].body.as_ref() == Some(&bytes), "the large body has changed");
    assert_eq!(got[1].body.as_deref(), Some([].as_slice()));
    assert_eq!((got[2].body.as_ref(), got[2].body_blob.as_deref()), (None, Some("0".repeat(64).as_str())));
    let sizes: Vec<u64> = got.iter().map(|detail| detail.row.body_size).collect();
    assert_eq!(sizes, [5 * 1024 * 1024, 0, 25 * 1024 * 1024]);
}
