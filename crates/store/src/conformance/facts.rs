//! Facts for tests: plain ones, to be changed where a case is about something.

use std::collections::BTreeMap;

use hookwheel_core::agent::EffectClass;
use hookwheel_core::delivery::{Body, DeliveryKey, DeliveryReceived, Notice, NoticeKind, Proof};
use hookwheel_core::event::{DeliveryOutcome, Event, Field, Normalized};
use hookwheel_core::filter::EventFilter;
use hookwheel_core::ids::Slug;
use hookwheel_core::journal::{
    CallKey, Entry, Finished, ModelTurn, RunOutcome, Started, ToolCall, ToolCallFinished, ToolCallStarted, ToolStatus,
    Totals, Usage, What,
};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::{Auth, SecretRef, Webhook};
use hookwheel_core::{AgentName, DeliveryId, EntityKey, RunId, SessionId, SnapshotHash, Timestamp, WebhookId};

/// Streams by the names they have in production.
pub const DELIVERIES: &str = "DELIVERIES";
/// Outcomes and requests.
pub const EVENTS: &str = "EVENTS";
/// Journals.
pub const RUNS: &str = "RUNS";
/// Duplicates and rejections.
pub const NOTICES: &str = "NOTICES";

/// A moment, counted in milliseconds from some morning.
pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_micros((1_763_700_000_000 + millis) * 1000)
}

/// A webhook by number.
pub fn webhook(n: u64) -> WebhookId {
    WebhookId::parse(format!("wh_{n:016}")).unwrap()
}

/// A delivery by number, received at that moment.
pub fn delivery_id(at: Timestamp, n: u64) -> DeliveryId {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&at.millis().to_be_bytes()[2..]);
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    DeliveryId::from_uuid_bytes(bytes)
}

/// A delivery of webhook 1.
pub fn received(n: u64, received_at: Timestamp) -> DeliveryReceived {
    DeliveryReceived {
        delivery: delivery_id(received_at, n),
        webhook: webhook(1),
        source: "github".into(),
        key: DeliveryKey::new(&webhook(1), format!("key-{n}")),
        received_at,
        method: "POST".into(),
        headers: vec![("content-type".into(), b"application/json".to_vec())],
        body: Body::Inline(format!("{{\"n\":{n}}}").into_bytes().into()),
        proof: Proof { scheme: "github_hmac_sha256".into(), secret: Some(0), signed_at: None },
        snapshot: SnapshotHash::of(b"snapshot"),
        peer: "127.0.0.1".into(),
        traceparent: Some(format!("00-{n:032x}-00000000000000aa-01")),
    }
}

/// What a plain delivery means.
pub fn event() -> Event {
    Event {
        event_type: Some("issues.opened".into()),
        entity: EntityKey::parse("github:o/r:issue:7").ok(),
        actor: Some("octocat".into()),
        summary: vec![Field { name: "title".into(), value: "It is broken".into() }],
    }
}

/// An outcome.
pub fn outcome(of: &DeliveryReceived, result: Normalized) -> DeliveryOutcome {
    DeliveryOutcome {
        delivery: of.delivery.clone(),
        webhook: of.webhook.clone(),
        received_at: of.received_at,
        result,
        events: Vec::new(),
    }
}

/// A run of the delivery by one of its routes.
pub fn requested(of: &DeliveryReceived, route: &str) -> RunRequested {
    RunRequested {
        run: RunId::derive(&of.delivery, route, 0),
        session: SessionId::derive(&of.webhook, route, "github:o/r:issue:7"),
        delivery: of.delivery.clone(),
        event_index: None,
        delivery_key_hash: of.key.hash.clone(),
        webhook: of.webhook.clone(),
        source: of.source.clone(),
        route: route.into(),
        generation: 0,
        agent: AgentName::parse("triager").unwrap(),
        snapshot: of.snapshot.clone(),
        event_type: event().event_type,
        entity: event().entity,
        message: "A delivery has come.".into(),
        received_at: of.received_at,
        traceparent: None,
    }
}

/// The delivery is routed to these runs.
pub fn routed(of: &DeliveryReceived, runs: &[RunRequested]) -> DeliveryOutcome {
    outcome(of, Normalized::Routed { event: event(), runs: runs.iter().map(|run| run.run.clone()).collect() })
}

/// A repeat of the delivery.
pub fn duplicate(of: &DeliveryReceived, at: Timestamp) -> Notice {
    Notice {
        webhook: of.webhook.clone(),
        kind: NoticeKind::Duplicate,
        delivery: Some(of.delivery.clone()),
        reason: "delivery key".into(),
        at,
        peer: of.peer.clone(),
        rule: String::new(),
        headers: Vec::new(),
        more: 0,
    }
}

/// A refused request.
pub fn rejected(n: u64, at: Timestamp) -> Notice {
    Notice {
        webhook: webhook(n),
        kind: NoticeKind::Rejected,
        delivery: None,
        reason: "signature_invalid".into(),
        at,
        peer: "127.0.0.1".into(),
        rule: String::new(),
        headers: Vec::new(),
        more: 0,
    }
}

/// A webhook's configuration.
pub fn snapshot(n: u64, slug: &str) -> Snapshot {
    Snapshot {
        webhook: Webhook {
            id: webhook(n),
            slug: Slug::parse(slug).unwrap(),
            enabled: true,
            source: "github".into(),
            auth: Auth::GithubHmacSha256,
            secrets: vec![SecretRef::Env("SECRET".into())],
            events: EventFilter::default(),
            max_body: 1024,
            entity_pointers: Vec::new(),
            delivery_key: None,
            public_base_url: None,
            public_path: None,
            verify_token: None,
            pairing_until: None,
            gate: Default::default(),
            routes: Vec::new(),
        },
        agents: BTreeMap::new(),
        models: BTreeMap::new(),
    }
}

/// A journal, entry by entry, one millisecond apart.
#[derive(Debug, Clone)]
pub struct Journal {
    request: RunRequested,
    epoch: u32,
    /// What has been written.
    pub entries: Vec<Entry>,
}

impl Journal {
    /// Of a requested run.
    pub fn of(request: &RunRequested) -> Self {
        Self { request: request.clone(), epoch: 0, entries: Vec::new() }
    }

    /// Adds an entry.
    #[must_use]
    pub fn with(mut self, what: What) -> Self {
        let n = u32::try_from(self.entries.len()).unwrap() + 1;
        self.epoch += u32::from(matches!(what, What::Claimed { .. }));
        self.entries.push(Entry {
            run: self.request.run.clone(),
            n,
            epoch: self.epoch,
            at: Timestamp::from_micros(self.request.received_at.micros() + i64::from(n) * 1000),
            traceparent: None,
            what,
        });
        self
    }

    /// The first entry.
    #[must_use]
    pub fn started(self) -> Self {
        let request = self.request.clone();
        self.with(What::Started(Started {
            session: request.session,
            delivery: request.delivery,
            webhook: request.webhook,
            route: request.route,
            agent: request.agent,
            snapshot: request.snapshot,
            message: request.message,
        }))
    }

    /// A worker takes the run.
    #[must_use]
    pub fn claimed(self) -> Self {
        let lease_until = at(60_000);
        self.with(What::Claimed { worker: "w1".into(), lease_until })
    }

    /// The model is asked.
    #[must_use]
    pub fn asked(self, turn: u32, attempt: u32) -> Self {
        self.with(What::ModelCallStarted { turn, attempt, model: "main".into() })
    }

    /// The model answers and wants this many calls of `notes`.
    #[must_use]
    pub fn answered(self, turn: u32, attempt: u32, calls: u32) -> Self {
        let call = |index| ToolCall {
            provider_id: format!("call-{index}"),
            tool: "notes".into(),
            arguments: format!("{{\"turn\":{turn},\"index\":{index}}}"),
        };
        self.with(What::ModelTurn(ModelTurn {
            turn,
            attempt,
            text: Some(format!("turn {turn}")),
            calls: (0..calls).map(call).collect(),
            usage: Usage { input: 100, output: 10, cached: 0, estimated: false },
            served_by: "scripted/github-issue".into(),
            latency_ms: 12,
            opaque: Vec::new().into(),
        }))
    }

    /// A call begins.
    #[must_use]
    pub fn called(self, turn: u32, index: u32, attempt: u32) -> Self {
        self.with(What::ToolCallStarted(ToolCallStarted {
            call: CallKey { turn, index },
            attempt,
            tool: "notes".into(),
            arguments_sha256: "0".repeat(64),
            effect: EffectClass::Effect,
            idempotency_key: format!("t{turn}.{index}"),
            deadline: at(60_000),
        }))
    }

    /// A call ends.
    #[must_use]
    pub fn returned(self, turn: u32, index: u32, attempt: u32, status: ToolStatus) -> Self {
        self.with(What::ToolCallFinished(ToolCallFinished {
            call: CallKey { turn, index },
            attempt,
            status,
            result: format!("result of t{turn}.{index}"),
            latency_ms: 3,
        }))
    }

    /// The run ends.
    #[must_use]
    pub fn finished(self, outcome: RunOutcome) -> Self {
        let error = (outcome != RunOutcome::Completed).then(|| "the model is away; the operator's move".to_owned());
        self.with(What::Finished(Finished { outcome, text: "done".into(), error, totals: Totals::default() }))
    }

    /// The shortest journal of a run that ended so.
    #[must_use]
    pub fn whole(self, outcome: RunOutcome) -> Self {
        self.started().claimed().asked(1, 1).answered(1, 1, 0).finished(outcome)
    }
}
