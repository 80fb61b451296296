//! Deliveries, configurations, and a world to normalize them in.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookwheel_core::agent::{Agent, Limits, Model, OnUncertain, Provider};
use hookwheel_core::delivery::{Body, DeliveryKey, DeliveryReceived, Proof};
use hookwheel_core::event::DeliveryOutcome;
use hookwheel_core::filter::EventFilter;
use hookwheel_core::ids::{AgentName, DeliveryId, Slug, WebhookId};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::time::Timestamp;
use hookwheel_core::webhook::{Action, Auth, Route, SessionMode, Webhook};
use hookwheel_log::embedded::Embedded;
use hookwheel_log::jetstream::{self, JetStream, provision};
use hookwheel_log::{Blobs, Log, Stored, SubjectFilter};
use hookwheel_normalizer::{Options, Ports, build};
use hookwheel_proto::topology::{self, Keep};
use hookwheel_proto::{Fact, decode, record};
use hookwheel_runtime::ready::Readiness;
use hookwheel_testkit::nats::NatsServer;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Short, so that the next one takes over soon from a crashed normalizer.
const LEASE: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(30);

/// A log with one webhook's configuration.
pub struct World {
    pub log: Arc<dyn Log>,
    pub snapshot: Snapshot,
    /// Most deliveries that a normalizer takes at once.
    pub batch: usize,
    _kept: Box<dyn Any + Send + Sync>,
}

/// Which log.
#[derive(Debug, Clone, Copy)]
pub enum On {
    Embedded,
    JetStream,
}

impl World {
    /// On an embedded log.
    pub async fn new(snapshot: Snapshot) -> Self {
        Self::on(On::Embedded, snapshot).await
    }

    pub async fn on(on: On, snapshot: Snapshot) -> Self {
        let layout = topology::layout(Keep::default());
        let (log, kept): (Arc<dyn Log>, Box<dyn Any + Send + Sync>) = match on {
            On::Embedded => {
                let folder = tempfile::tempdir().unwrap();
                let log = Embedded::open(&folder.path().join("log.db"), layout).await.unwrap();
                (Arc::new(log), Box::new(folder))
            }
            On::JetStream => {
                let server = NatsServer::start().await.unwrap();
                let options = jetstream::Options::at(&server.url());
                provision(&options, &layout).await.unwrap();
                (Arc::new(JetStream::connect(options, layout).await.unwrap()), Box::new(server))
            }
        };
        Blobs::new(Arc::clone(&log)).put(snapshot.to_bytes().into()).await.unwrap();
        Self { log, snapshot, batch: Options::default().batch, _kept: kept }
    }

    /// Stores deliveries, as ingress does.
    pub async fn receive(&self, deliveries: &[DeliveryReceived]) {
        for delivery in deliveries {
            self.log.append(record::delivery_received(delivery)).await.unwrap();
        }
    }

    /// Starts a normalizer on this log or on one that wraps it.
    pub async fn start_on(&self, log: Arc<dyn Log>) -> Running {
        let (readiness, stop) = (Readiness::default(), CancellationToken::new());
        let options = Options { lease: LEASE, batch: self.batch, ..Options::default() };
        let service = build(options, Ports { log }).await.unwrap().reporting_to(readiness.clone());
        Running { task: tokio::spawn(service.run(stop.clone())), readiness, stop }
    }

    /// Runs a normalizer until nothing is left to do.
    pub async fn normalize_all(&self) {
        let running = self.start_on(Arc::clone(&self.log)).await;
        self.until_done().await;
        running.stop().await;
    }

    /// Waits until the place is behind every delivery.
    pub async fn until_done(&self) {
        let last = self.log.stream(topology::DELIVERIES).await.unwrap().last;
        until("every delivery is done", async || self.place().await["seq"] == last).await;
    }

    /// The place as it is kept; null before there is one.
    pub async fn place(&self) -> Value {
        let places = self.log.bucket(topology::PLACES).await.unwrap();
        let kept = places.get(topology::NORMALIZER).await.unwrap();
        kept.map_or(Value::Null, |kept| serde_json::from_slice(&kept.value).unwrap())
    }

    /// Puts the place somewhere.
    pub async fn set_place(&self, place: Value) {
        let places = self.log.bucket(topology::PLACES).await.unwrap();
        places.put(topology::NORMALIZER, place.to_string().into(), None).await.unwrap();
    }

    /// Puts the place before the first delivery: all of them are repeated.
    pub async fn set_back(&self) {
        let mut place = self.place().await;
        place["seq"] = 0.into();
        self.set_place(place).await;
    }

    pub async fn facts(&self) -> Vec<Fact> {
        self.records(topology::EVENTS).await.iter().map(|record| decode(record).unwrap()).collect()
    }

    pub async fn records(&self, stream: &str) -> Vec<Stored> {
        self.log.read(stream, &SubjectFilter::All, 1, 10_000).await.unwrap()
    }

    pub async fn requests(&self) -> Vec<RunRequested> {
        let request = |fact| if let Fact::RunRequested(request) = fact { Some(request) } else { None };
        self.facts().await.into_iter().filter_map(request).collect()
    }

    pub async fn outcomes(&self) -> Vec<DeliveryOutcome> {
        let outcome = |fact| if let Fact::DeliveryOutcome(outcome) = fact { Some(outcome) } else { None };
        self.facts().await.into_iter().filter_map(outcome).collect()
    }
}

/// A normalizer at work.
pub struct Running {
    task: JoinHandle<()>,
    pub readiness: Readiness,
    stop: CancellationToken,
}

impl Running {
    /// As SIGTERM would.
    pub async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }

    /// As SIGKILL would: nothing more is done.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Waits for a condition.
pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, holds).await.unwrap_or_else(|_| panic!("never happened: {what}"));
}

/// A GitHub webhook with these routes.
pub fn snapshot(routes: Vec<Route>) -> Snapshot {
    let agents = ["triager", "reviewer"].map(|name| {
        let name = AgentName::parse(name).unwrap();
        let agent = Agent {
            name: name.clone(),
            description: String::new(),
            instructions: "Look at it.".into(),
            model: "default".into(),
            tools: vec![],
            limits: Limits::default(),
            on_uncertain: OnUncertain::TellModel,
        };
        (name, agent)
    });
    let model = Model {
        provider: Provider::Scripted,
        model: "github-issue".into(),
        base_url: None,
        api_key: None,
        max_output_tokens: None,
    };
    Snapshot { webhook: webhook(routes), agents: agents.into(), models: BTreeMap::from([("default".into(), model)]) }
}

fn webhook(routes: Vec<Route>) -> Webhook {
    Webhook {
        id: WebhookId::parse("wh_0123456789abcdef").unwrap(),
        slug: Slug::parse("repo-bot").unwrap(),
        enabled: true,
        source: "github".into(),
        auth: Auth::GithubHmacSha256,
        secrets: vec![],
        events: EventFilter::default(),
        max_body: 25 * 1024 * 1024,
        entity_pointers: vec![],
        delivery_key: None,
        public_base_url: None,
        public_path: None,
        verify_token: None,
        pairing_until: None,
        gate: Default::default(),
        routes,
    }
}

/// A route that takes everything.
pub fn route(name: &str, agent: &str, session: SessionMode) -> Route {
    Route {
        name: name.into(),
        events: EventFilter::default(),
        action: Action::Agent(AgentName::parse(agent).unwrap()),
        session,
        prompt_suffix: None,
    }
}

/// The n-th delivery: an issue of this number was opened.
pub fn issue(n: u8, number: u32, snapshot: &Snapshot) -> DeliveryReceived {
    let body = format!(
        r#"{{"action":"opened","issue":{{"number":{number},"title":"It breaks","body":"Every time.","state":"open","user":{{"login":"octocat"}}}},"repository":{{"full_name":"octo/hello"}},"sender":{{"login":"octocat"}}}}"#
    );
    delivery(n, "issues", body.into(), snapshot)
}

/// The n-th delivery, with this event and body.
pub fn delivery(n: u8, event: &str, body: Bytes, snapshot: &Snapshot) -> DeliveryReceived {
    DeliveryReceived {
        delivery: DeliveryId::from_uuid_bytes([n; 16]),
        webhook: snapshot.webhook.id.clone(),
        source: snapshot.webhook.source.clone(),
        key: DeliveryKey::new(&snapshot.webhook.id, format!("key-{n}")),
        received_at: Timestamp::from_secs(1_795_255_200 + i64::from(n)),
        method: "POST".into(),
        headers: vec![
            ("content-type".into(), b"application/json".to_vec()),
            ("x-github-event".into(), event.into()),
            ("x-github-delivery".into(), format!("key-{n}").into()),
        ],
        body: Body::Inline(body),
        proof: Proof { scheme: "github_hmac_sha256".into(), secret: Some(0), signed_at: None },
        snapshot: snapshot.hash(),
        peer: "192.0.2.7".into(),
        traceparent: Some(format!("00-{:032x}-00f067aa0ba902b7-01", u128::from(n) + 1)),
    }
}
