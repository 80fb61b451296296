//! A log, tables, a projector, and a history worth folding.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookwheel_core::delivery::{Body, DeliveryKey, DeliveryReceived, Notice, NoticeKind, Proof};
use hookwheel_core::event::{DeliveryOutcome, Event, Field, Normalized};
use hookwheel_core::journal::{
    CallKey, Entry, Finished, ModelTurn, RunOutcome, Started, ToolCall, ToolCallFinished, ToolCallStarted, ToolStatus,
    Totals, Usage, What,
};
use hookwheel_core::run::RunRequested;
use hookwheel_core::{AgentName, DeliveryId, EntityKey, RunId, SessionId, SnapshotHash, Timestamp, WebhookId};
use hookwheel_log::embedded::Embedded;
use hookwheel_log::{Append, Expect, Log, Outcome, Seq, Subject};
use hookwheel_projector::{Options, Ports, Service, build};
use hookwheel_proto::{record, topology};
use hookwheel_runtime::ready::Readiness;
use hookwheel_store::Store;
use hookwheel_store::sqlite::Sqlite;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A log and tables in a directory of their own.
pub struct Wheel {
    pub log: Arc<dyn Log>,
    pub store: Arc<dyn Store>,
    directory: tempfile::TempDir,
}

/// A running projector.
pub struct Projector {
    pub address: SocketAddr,
    pub readiness: Readiness,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Wheel {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let layout = topology::layout(topology::Keep::default());
        let log = Embedded::open(&directory.path().join("log.db"), layout).await.unwrap();
        let store = fresh_tables(&directory, "tables.db").await;
        Self { log: Arc::new(log), store, directory }
    }

    /// On a log and tables that are elsewhere.
    pub fn on(log: Arc<dyn Log>, store: Arc<dyn Store>) -> Self {
        Self { log, store, directory: tempfile::tempdir().unwrap() }
    }

    /// Tables nobody has folded into yet.
    pub async fn other_tables(&self) -> Arc<dyn Store> {
        fresh_tables(&self.directory, "other.db").await
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    pub async fn start(&self) -> Projector {
        self.start_with(self.store.clone(), Options::default()).await
    }

    pub async fn start_with(&self, store: Arc<dyn Store>, options: Options) -> Projector {
        let readiness = Readiness::default();
        let ports = Ports { log: self.log.clone(), store, readiness: readiness.clone() };
        let options = Options { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..options };
        let service: Service = build(options, ports).await.unwrap();
        let (address, stop) = (service.address(), CancellationToken::new());
        let running = service.run(stop.clone());
        let task = tokio::spawn(async move { running.await.unwrap() });
        Projector { address, readiness, stop, task }
    }

    pub async fn append(&self, append: Append) -> Seq {
        match self.log.append(append).await.unwrap() {
            Outcome::Stored(seq) => seq,
            other => panic!("a test appends new records only: {other:?}"),
        }
    }

    /// Waits until the tables hold everything that is on the log.
    pub async fn until_folded(&self, store: &dyn Store) {
        for stream in [topology::DELIVERIES, topology::EVENTS, topology::RUNS, topology::NOTICES] {
            until(&format!("{stream} is folded"), async || {
                let last = self.log.stream(stream).await.unwrap().last;
                let applied = store.checkpoint(stream).await.unwrap().map_or(0, |checkpoint| checkpoint.seq);
                last == applied
            })
            .await;
        }
    }

    /// What the tables must say in the end: a projection that nothing has disturbed.
    pub async fn undisturbed(&self) -> String {
        let store = self.other_tables().await;
        let projector = self.start_with(store.clone(), Options::default()).await;
        self.until_folded(&*store).await;
        projector.stop().await;
        store.fingerprint().await.unwrap()
    }
}

impl Projector {
    /// Drains it.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Ends it where it stands, as `kill -9` would.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    pub async fn until_failing(&self, condition: &str, text: &str) {
        until(&format!("{condition} says {text:?}"), async || {
            self.readiness.failing().iter().any(|(name, why)| name == condition && why.contains(text))
        })
        .await;
    }

    pub async fn until_ready(&self) {
        until("the projector is ready", async || self.readiness.failing().is_empty()).await;
    }
}

async fn fresh_tables(directory: &tempfile::TempDir, name: &str) -> Arc<dyn Store> {
    let store = Sqlite::open(&directory.path().join(name)).await.unwrap();
    store.migrate().await.unwrap();
    Arc::new(store)
}

/// Polls a condition; panics with its name after 30 s.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let patience = tokio::time::timeout(Duration::from_secs(30), async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(patience.await.is_ok(), "never came true: {what}");
}

pub fn webhook() -> WebhookId {
    WebhookId::parse("wh_0123456789abcdefgh").unwrap()
}

pub fn at(n: u32) -> Timestamp {
    Timestamp::from_secs(1_790_000_000 + i64::from(n))
}

/// The delivery number `n`, received `n` seconds after the first.
pub fn delivery(n: u32) -> DeliveryReceived {
    let mut id = [7; 16];
    id[12..].copy_from_slice(&n.to_be_bytes());
    DeliveryReceived {
        delivery: DeliveryId::from_uuid_bytes(id),
        webhook: webhook(),
        source: "github".into(),
        key: DeliveryKey::new(&webhook(), format!("key-{n}")),
        received_at: at(n),
        method: "POST".into(),
        headers: vec![("x-github-event".into(), b"issues".to_vec()), ("x-odd".into(), vec![0xff, b'<'])],
        body: Body::Inline(Bytes::from(format!("{{\"n\":{n}}}"))),
        proof: Proof { scheme: "github_hmac_sha256".into(), secret: Some(0), signed_at: None },
        snapshot: SnapshotHash::of(b"snapshot"),
        peer: "192.0.2.1".into(),
        traceparent: None,
    }
}

/// A delivery's whole story, as the services write it: received, normalized, requested, run to its end.
pub async fn tell(wheel: &Wheel, n: u32) -> RunId {
    let delivery = delivery(n);
    let run = RunId::derive(&delivery.delivery, "triage", 0);
    wheel.append(record::delivery_received(&delivery)).await;
    let request = request(&delivery, &run);
    wheel.append(record::run_requested(&request)).await;
    wheel.append(record::wake(&request.session, &format!("wake-{n}"), None)).await;
    let event = Event {
        event_type: Some("issues.opened".into()),
        entity: EntityKey::parse(format!("github:o/r:issue:{n}")).ok(),
        actor: Some("<script>alert(1)</script>".into()),
        summary: vec![Field { name: "title".into(), value: "odd \u{0}\u{202e} title".into() }],
    };
    let result = Normalized::Routed { event, runs: vec![run.clone()] };
    let (id, webhook) = (delivery.delivery.clone(), delivery.webhook.clone());
    let outcome = DeliveryOutcome { delivery: id, webhook, received_at: delivery.received_at, result, events: vec![] };
    wheel.append(record::delivery_outcome(&outcome)).await;
    let mut last = 0;
    for entry in journal(&delivery, &request, n) {
        last = wheel.append(record::run_entry(&entry, last)).await;
    }
    let kind = if n.is_multiple_of(2) { NoticeKind::Duplicate } else { NoticeKind::Rejected };
    let notice = Notice {
        webhook: delivery.webhook,
        kind,
        delivery: n.is_multiple_of(2).then_some(delivery.delivery),
        reason: if n.is_multiple_of(2) { "key".into() } else { "signature_invalid".into() },
        at: at(n),
        peer: "192.0.2.2".into(),
        rule: if n.is_multiple_of(2) { String::new() } else { "signature_mismatch".into() },
        headers: vec!["host".into()],
        more: 0,
    };
    wheel.append(record::notice(&notice, &format!("notice-{n}"))).await;
    run
}

fn request(delivery: &DeliveryReceived, run: &RunId) -> RunRequested {
    RunRequested {
        run: run.clone(),
        session: SessionId::derive(&delivery.webhook, "triager", delivery.delivery.as_str()),
        delivery: delivery.delivery.clone(),
        event_index: None,
        webhook: delivery.webhook.clone(),
        delivery_key_hash: delivery.key.hash.clone(),
        source: delivery.source.clone(),
        route: "triage".into(),
        generation: 0,
        agent: AgentName::parse("triager").unwrap(),
        snapshot: delivery.snapshot.clone(),
        event_type: Some("issues.opened".into()),
        entity: None,
        message: "what came in".into(),
        received_at: delivery.received_at,
        traceparent: None,
    }
}

fn journal(delivery: &DeliveryReceived, request: &RunRequested, n: u32) -> Vec<Entry> {
    let call = CallKey { turn: 1, index: 0 };
    let usage = Usage { input: 10, output: 5, cached: 0, estimated: false };
    let turn = |turn, calls| {
        let (text, served_by) = (Some(format!("turn {turn}")), "scripted/github-issue".to_owned());
        What::ModelTurn(ModelTurn {
            turn,
            attempt: 1,
            text,
            calls,
            usage,
            served_by,
            latency_ms: 3,
            opaque: Bytes::new(),
        })
    };
    let asked = ToolCall { provider_id: "c1".into(), tool: "notes".into(), arguments: "{\"text\":\"x\"}".into() };
    let happened = vec![
        What::Started(Started {
            session: request.session.clone(),
            delivery: delivery.delivery.clone(),
            webhook: delivery.webhook.clone(),
            route: request.route.clone(),
            agent: request.agent.clone(),
            snapshot: request.snapshot.clone(),
            message: request.message.clone(),
        }),
        What::Claimed { worker: "w".into(), lease_until: at(n + 60) },
        What::ModelCallStarted { turn: 1, attempt: 1, model: "default".into() },
        turn(1, vec![asked]),
        What::ToolCallStarted(ToolCallStarted {
            call,
            attempt: 1,
            tool: "notes".into(),
            arguments_sha256: "00".repeat(32),
            effect: hookwheel_core::agent::EffectClass::Effect,
            idempotency_key: "k".into(),
            deadline: at(n + 60),
        }),
        What::ToolCallFinished(ToolCallFinished {
            call,
            attempt: 1,
            status: ToolStatus::Ok,
            result: "noted".into(),
            latency_ms: 2,
        }),
        What::ModelCallStarted { turn: 2, attempt: 1, model: "default".into() },
        turn(2, vec![]),
        What::Finished(Finished {
            outcome: if n.is_multiple_of(3) { RunOutcome::Failed } else { RunOutcome::Completed },
            text: "done".into(),
            error: None,
            totals: Totals { turns: 2, tool_calls: 1, usage, active_ms: 5 },
        }),
    ];
    let entries = happened.into_iter().zip(1..).map(|(what, number)| Entry {
        run: request.run.clone(),
        n: number,
        epoch: u32::from(number > 1),
        at: at(n),
        traceparent: None,
        what,
    });
    entries.collect()
}

/// A record nobody knows and one whose bytes are not what its kind says.
pub async fn nonsense(wheel: &Wheel, id: &str) {
    for (kind, subject) in [("FromTheFuture", "hw.event.future"), ("DeliveryReceived", "hw.delivery.wh_x.broken")] {
        let headers = vec![("Hw-Kind".to_owned(), kind.to_owned()), ("Hw-Version".to_owned(), "1".to_owned())];
        let subject = Subject::new(format!("{subject}-{id}")).unwrap();
        let payload = Bytes::from_static(b"\xff\xff\xff\xff nonsense");
        let id = format!("{kind}-{id}");
        wheel.append(Append { subject, id, headers, payload, expect: Expect::Anything }).await;
    }
}

/// An HTTP answer.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }
}

/// One request over a socket of its own. `headers` are lines that end in CRLF; without a `Host` among them it is
/// `localhost`.
pub async fn http(address: SocketAddr, method: &str, target: &str, headers: &str) -> Answer {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let host = if headers.contains("Host:") { "" } else { "Host: localhost\r\n" };
    let request = format!("{method} {target} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n");
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![];
    socket.read_to_end(&mut answer).await.unwrap();

    let split = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..split].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned()));
    Answer { status, headers: headers.collect(), body: answer[split + 4..].to_vec() }
}
