//! The checker must find what is wrong: a sound system passes, and each planted bug is found under its own number.

use std::collections::BTreeMap;

use bytes::Bytes;
use hookwheel_core::agent::EffectClass;
use hookwheel_core::delivery::{Body, DeliveryKey, DeliveryReceived, Proof};
use hookwheel_core::event::{DeliveryOutcome, Event, Normalized};
use hookwheel_core::ids::{AgentName, DeliveryId, EntityKey, RunId, SessionId, SnapshotHash, WebhookId};
use hookwheel_core::journal::{
    CallKey, Entry, Finished, RunOutcome, Started, ToolCallFinished, ToolCallStarted, ToolStatus, Totals, What,
};
use hookwheel_core::run::RunRequested;
use hookwheel_core::time::Timestamp;
use hookwheel_log::StreamInfo;

use super::{Breach, Tables, check};
use crate::history::History;
use crate::ledger::{Answer, Ledger};
use crate::witness::Witness;

#[derive(Clone, Default)]
struct Facts {
    history: History,
    ledger: Ledger,
    witness: Witness,
    tables: Tables,
}

/// The invariant it breaks, what it is, and how it is done to a sound system.
type Plant = (u8, &'static str, fn(&mut Facts));

impl Facts {
    fn breaches(&self) -> Vec<Breach> {
        check(&self.history, &self.ledger, &self.witness, &self.tables)
    }
}

#[test]
fn a_sound_system_has_no_breach() {
    assert_eq!(sound().breaches(), []);
}

#[test]
fn every_planted_bug_is_found() {
    let plants: Vec<Plant> = vec![
        (1, "an acknowledged delivery is not stored", |f| drop(f.history.deliveries.remove(1))),
        (1, "an acknowledged delivery is stored twice", |f| {
            let again = f.history.deliveries[0].clone();
            f.history.deliveries.push((9, again.1));
        }),
        (1, "a repeat is answered with another id", |f| f.ledger.note("key-0", Answer::Ok(delivery_id(7).to_string()))),
        (2, "one key is stored under two ids", |f| {
            let mut other = f.history.deliveries[0].1.clone();
            other.delivery = delivery_id(8);
            f.history.deliveries.push((9, other));
        }),
        (3, "a delivery has no outcome", |f| drop(f.history.outcomes.pop())),
        (3, "a run never ends", |f| drop(f.history.entries.pop())),
        (3, "a run ends twice", |f| {
            let mut last = f.history.entries.last().unwrap().clone();
            last.0 += 1;
            last.1.n += 1;
            f.history.entries.push(last);
        }),
        (4, "a route starts two runs for one delivery", |f| {
            let mut again = f.history.requests[0].1.clone();
            again.run = RunId::derive(&again.delivery, "another", 0);
            f.history.requests.push((20, again));
        }),
        (4, "a run of a batch is not in its outcome", |f| {
            let outcome = &mut f.history.outcomes[0].1;
            let Normalized::Routed { event, .. } = outcome.result.clone() else { unreachable!() };
            outcome.events = vec![Normalized::Routed { event, runs: Vec::new() }];
        }),
        (4, "an event of a batch starts its route twice", |f| {
            let mut again = f.history.requests[0].1.clone();
            again.event_index = Some(1);
            for seq in [20, 21] {
                f.history.requests.push((seq, again.clone()));
            }
        }),
        (4, "a promised run is never requested", |f| drop(f.history.requests.remove(2))),
        (5, "a zombie writes after it was replaced", |f| {
            let entry = &mut f.history.entries[4].1;
            entry.epoch = 0;
        }),
        (5, "two writers use the same number", |f| f.history.entries[3].1.n = 3),
        (5, "an entry is written without a claim", |f| {
            for (_, entry) in &mut f.history.entries[2..5] {
                entry.epoch = 2;
            }
        }),
        (6, "an effect is started again", |f| {
            let mut again = f.history.entries[2].clone();
            again.1.n = 6;
            f.history.entries.insert(5, (10, again.1));
        }),
        (6, "an effect happens twice although the journal says once", |f| {
            f.witness.0.values_mut().next().map(|n| *n = 2).unwrap();
        }),
        (6, "a result is there without an intent", |f| drop(f.history.entries.remove(2))),
        (6, "an effect of a run nobody knows", |f| {
            f.witness.0.insert("run_x t1.0".into(), 1);
        }),
        (7, "a row differs from the fold", |f| f.tables.live = "other".into()),
        (10, "two runs of one entity overlap", |f| f.history.entries[5].0 = 4),
        (10, "runs of one entity change places", |f| f.history.requests.swap(0, 1)),
        (10, "deliveries of one entity change places before their runs", |f| {
            let [(first, _), (second, _), ..] = &mut f.history.deliveries[..] else { unreachable!() };
            std::mem::swap(first, second);
        }),
        (10, "events of a batch change places", |f| {
            for (index, at) in [(1, 0), (0, 1)] {
                let delivery = f.history.requests[0].1.delivery.clone();
                let request = &mut f.history.requests[at].1;
                (request.delivery, request.event_index) = (delivery, Some(index));
            }
        }),
        (11, "a position comes twice", |f| f.history.positions.get_mut("RUNS").unwrap().push(1)),
        (11, "a stream was made anew under the tables", |f| {
            f.history.streams.get_mut("RUNS").unwrap().incarnation = "second".into();
        }),
    ];
    for (invariant, what, plant) in plants {
        let mut facts = sound();
        plant(&mut facts);
        let found = facts.breaches();
        assert!(found.iter().any(|b| b.invariant == invariant), "{what}: I{invariant} is not among {found:?}");
    }
}

/// Three deliveries: two of one entity, one of another; each has one run with one tool call.
fn sound() -> Facts {
    let mut facts = Facts::default();
    for number in 0..3u8 {
        let entity = if number < 2 { "github:o/r:issue:1" } else { "github:o/r:issue:2" };
        add(&mut facts, number, entity);
    }
    let streams = ["DELIVERIES", "EVENTS", "RUNS"];
    let info = StreamInfo { incarnation: "first".into(), first: 1, last: 100 };
    facts.history.streams = streams.map(|s| (s.to_owned(), info.clone())).into();
    facts.history.positions = BTreeMap::from([("RUNS".to_owned(), (1..=15).collect())]);
    facts.tables.live = "rows".into();
    facts.tables.rebuilt = "rows".into();
    facts.tables.checkpoints = streams.map(|s| (s.to_owned(), ("first".to_owned(), 15))).into();
    facts
}

fn add(facts: &mut Facts, number: u8, entity: &str) {
    let (webhook, delivery) = (webhook(), delivery_id(number));
    let run = RunId::derive(&delivery, "triage", 0);
    let session = SessionId::derive(&webhook, "triager", entity);
    let key = format!("key-{number}");
    facts.ledger.note(&key, Answer::Lost);
    facts.ledger.note(&key, Answer::Ok(delivery.to_string()));
    facts.history.deliveries.push((u64::from(number) + 1, received(&delivery, &key)));
    let event = Event { entity: Some(EntityKey::fit(entity)), ..Event::default() };
    facts.history.outcomes.push((
        u64::from(number) * 3 + 3,
        DeliveryOutcome {
            delivery: delivery.clone(),
            webhook: webhook.clone(),
            received_at: Timestamp::from_secs(1),
            result: Normalized::Routed { event, runs: vec![run.clone()] },
            events: Vec::new(),
        },
    ));
    facts.history.requests.push((u64::from(number) * 3 + 1, requested(&run, &session, &delivery, entity)));
    let call = CallKey { turn: 1, index: 0 };
    let entries = [
        (0, What::Started(started(&session, &delivery))),
        (1, What::Claimed { worker: "w".into(), lease_until: Timestamp::from_secs(9) }),
        (1, What::ToolCallStarted(intent(call))),
        (1, What::ToolCallFinished(result(call))),
        (1, What::Finished(finished())),
    ];
    for ((n, seq), (epoch, what)) in (1..).zip(u64::from(number) * 5 + 1..).zip(entries) {
        let at = Timestamp::from_secs(2);
        facts.history.entries.push((seq, Entry { run: run.clone(), n, epoch, at, traceparent: None, what }));
    }
    facts.witness.0.insert(format!("{run} {call}"), 1);
}

fn webhook() -> WebhookId {
    WebhookId::parse("wh_0123456789abcdef").unwrap()
}

fn delivery_id(number: u8) -> DeliveryId {
    DeliveryId::from_uuid_bytes([number; 16])
}

fn snapshot() -> SnapshotHash {
    SnapshotHash::of(b"snapshot")
}

fn received(delivery: &DeliveryId, key: &str) -> DeliveryReceived {
    DeliveryReceived {
        delivery: delivery.clone(),
        webhook: webhook(),
        source: "github".into(),
        key: DeliveryKey::new(&webhook(), key),
        received_at: Timestamp::from_secs(1),
        method: "POST".into(),
        headers: vec![],
        body: Body::Inline(Bytes::from_static(b"{}")),
        proof: Proof { scheme: "github_hmac_sha256".into(), secret: Some(0), signed_at: None },
        snapshot: snapshot(),
        peer: "127.0.0.1".into(),
        traceparent: None,
    }
}

fn requested(run: &RunId, session: &SessionId, delivery: &DeliveryId, entity: &str) -> RunRequested {
    RunRequested {
        run: run.clone(),
        session: session.clone(),
        delivery: delivery.clone(),
        event_index: None,
        delivery_key_hash: String::new(),
        webhook: webhook(),
        source: "github".into(),
        route: "triage".into(),
        generation: 0,
        agent: AgentName::parse("triager").unwrap(),
        snapshot: snapshot(),
        event_type: None,
        entity: Some(EntityKey::fit(entity)),
        message: "m".into(),
        received_at: Timestamp::from_secs(1),
        traceparent: None,
    }
}

fn started(session: &SessionId, delivery: &DeliveryId) -> Started {
    Started {
        session: session.clone(),
        delivery: delivery.clone(),
        webhook: webhook(),
        route: "triage".into(),
        agent: AgentName::parse("triager").unwrap(),
        snapshot: snapshot(),
        message: "m".into(),
    }
}

fn intent(call: CallKey) -> ToolCallStarted {
    ToolCallStarted {
        call,
        attempt: 1,
        tool: "countable".into(),
        arguments_sha256: String::new(),
        effect: EffectClass::Effect,
        idempotency_key: "k".into(),
        deadline: Timestamp::from_secs(60),
    }
}

fn result(call: CallKey) -> ToolCallFinished {
    ToolCallFinished { call, attempt: 1, status: ToolStatus::Ok, result: "done".into(), latency_ms: 1 }
}

fn finished() -> Finished {
    Finished { outcome: RunOutcome::Completed, text: String::new(), error: None, totals: Totals::default() }
}
