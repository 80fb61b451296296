//! A stand for one runner: a log in a folder of its own, a configuration, requests, and ways to wait.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hookwheel_agent::Tool;
use hookwheel_agent_runner::{Options, Ports, Profile, build};
use hookwheel_core::agent::{Agent, Limits, Model, OnUncertain, Provider};
use hookwheel_core::delivery::{Body, DeliveryKey, DeliveryReceived, Proof};
use hookwheel_core::filter::EventFilter;
use hookwheel_core::ids::*;
use hookwheel_core::journal::{Entry, Finished, What};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::time::Timestamp;
use hookwheel_core::webhook::{Action, Auth, Route, SessionMode, Webhook};
use hookwheel_log::embedded::Embedded;
use hookwheel_log::{Blobs, Log, Seq, Subject, SubjectFilter};
use hookwheel_proto::{Fact, decode, record, topology};
use hookwheel_runtime::clock;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Stand {
    pub folder: tempfile::TempDir,
    pub log: Arc<dyn Log>,
    pub snapshot: Snapshot,
    pub options: Options,
    /// The trace that requests belong to.
    pub traceparent: Option<String>,
}

/// A running service. Dropping it kills it between two polls, as `kill -9` would.
pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Stand {
    /// With an agent that follows this script and may use these tools.
    pub async fn new(script: &str, tools: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keep = topology::Keep { ack_wait: Duration::from_millis(400), ..Default::default() };
        let log = Embedded::open(&folder.path().join("log.db"), topology::layout(keep)).await.unwrap();
        let file = folder.path().join("script.yaml");
        std::fs::write(&file, script).unwrap();
        let options = Options {
            workers: 4,
            data_dir: folder.path().into(),
            worker_name: Some("w".into()),
            lease: Duration::from_millis(600),
            ack_wait: keep.ack_wait,
            grace: Duration::from_secs(5),
            ..Options::default()
        };
        let snapshot = snapshot(tools, file);
        let stand = Self { folder, log: Arc::new(log), snapshot, options, traceparent: None };
        stand.configure().await;
        stand
    }

    /// Stores the configuration as it is now.
    pub async fn configure(&self) {
        Blobs::new(Arc::clone(&self.log)).put(self.snapshot.to_bytes().into()).await.unwrap();
    }

    pub fn model(&mut self) -> &mut Model {
        self.snapshot.models.get_mut("m").unwrap()
    }

    pub fn agent(&mut self) -> &mut Agent {
        self.snapshot.agents.values_mut().next().unwrap()
    }

    /// A request in the session of this name, without a wake.
    pub async fn request(&self, session: &str, number: u8) -> RunRequested {
        let webhook = &self.snapshot.webhook.id;
        let delivery = DeliveryId::from_uuid_bytes([number; 16]);
        let request = RunRequested {
            run: RunId::derive(&delivery, "r", 0),
            session: SessionId::derive(webhook, "a", session),
            delivery_key_hash: DeliveryKey::new(webhook, number.to_string()).hash,
            delivery,
            event_index: None,
            webhook: webhook.clone(),
            source: "github".into(),
            route: "r".into(),
            generation: 0,
            agent: AgentName::parse("a").unwrap(),
            snapshot: self.snapshot.hash(),
            event_type: Some("issues.opened".into()),
            entity: None,
            message: "an issue was opened".into(),
            received_at: now(),
            traceparent: self.traceparent.clone(),
        };
        self.log.append(record::run_requested(&request)).await.unwrap();
        request
    }

    pub async fn wake(&self, request: &RunRequested) {
        let id = format!("wake-{}", rand::random::<u64>());
        self.log.append(record::wake(&request.session, &id, None)).await.unwrap();
    }

    pub async fn request_and_wake(&self, session: &str, number: u8) -> RunRequested {
        let request = self.request(session, number).await;
        self.wake(&request).await;
        request
    }

    /// The raw delivery behind a request.
    pub async fn delivery(&self, request: &RunRequested, number: u8, body: &str) {
        let delivery = DeliveryReceived {
            delivery: request.delivery.clone(),
            webhook: request.webhook.clone(),
            source: "github".into(),
            key: DeliveryKey::new(&request.webhook, number.to_string()),
            received_at: now(),
            method: "POST".into(),
            headers: vec![],
            body: Body::Inline(body.to_owned().into()),
            proof: Proof { scheme: "none".into(), secret: None, signed_at: None },
            snapshot: request.snapshot.clone(),
            peer: "127.0.0.1".into(),
            traceparent: None,
        };
        self.log.append(record::delivery_received(&delivery)).await.unwrap();
    }

    pub async fn serve(&self) -> Running {
        self.serve_on(Arc::clone(&self.log), Vec::<crate::witness::Witness>::new()).await
    }

    pub async fn serve_with(&self, tool: impl Tool + 'static) -> Running {
        self.serve_on(Arc::clone(&self.log), vec![tool]).await
    }

    pub async fn serve_on<T: Tool + 'static>(&self, log: Arc<dyn Log>, tools: Vec<T>) -> Running {
        let service = build(self.options.clone(), Ports::new(log)).await.unwrap();
        let service = tools.into_iter().fold(service, |service, tool| service.with_tool(tool));
        let stop = CancellationToken::new();
        let task = tokio::spawn(service.run(stop.clone()));
        Running { stop, task }
    }

    /// The run's journal so far, with positions.
    pub async fn journal(&self, run: &RunId) -> Vec<(Seq, Entry)> {
        let filter = SubjectFilter::Exactly(topology::run_subject(run));
        let stored = self.log.read(topology::RUNS, &filter, 1, 1000).await.unwrap();
        stored
            .iter()
            .map(|stored| match decode(stored).unwrap() {
                Fact::RunEntry(entry) => (stored.seq, entry),
                other => panic!("{other:?} in a journal"),
            })
            .collect()
    }

    /// Waits for the run's end.
    pub async fn end(&self, run: &RunId) -> Finished {
        self.until(run, |what| matches!(what, What::Finished(_))).await;
        match self.journal(run).await.pop().unwrap().1.what {
            What::Finished(end) => end,
            other => panic!("{other:?} after the end"),
        }
    }

    /// Waits for an entry in the run's journal.
    pub async fn until(&self, run: &RunId, wanted: impl Fn(&What) -> bool) {
        let filter = SubjectFilter::Exactly(topology::run_subject(run));
        let mut tail = self.log.tail(topology::RUNS, &filter, 1).await.unwrap();
        let waiting = async {
            loop {
                for stored in tail.next(100, PATIENCE).await.unwrap() {
                    if matches!(decode(&stored), Ok(Fact::RunEntry(entry)) if wanted(&entry.what)) {
                        return;
                    }
                }
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("it never happened: {:#?}", self.journal(run).await);
        }
    }

    pub fn notes(&self) -> PathBuf {
        self.folder.path().join("notes.md")
    }
}

impl Running {
    /// Stops in good order.
    pub async fn drain(mut self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, &mut self.task).await.expect("the service drains").unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn now() -> Timestamp {
    Timestamp::from_micros(clock::now_micros())
}

/// Names of entries, in order.
pub fn kinds(journal: &[(Seq, Entry)]) -> Vec<&'static str> {
    let kind = |what: &What| match what {
        What::Started(_) => "started",
        What::Claimed { .. } => "claimed",
        What::ModelCallStarted { .. } => "asks",
        What::ModelCallFailed { .. } => "ask failed",
        What::ModelTurn(_) => "turn",
        What::ToolCallDenied { .. } => "denied",
        What::ToolCallStarted(_) => "calls",
        What::ToolCallFinished(_) => "called",
        What::ToolCallUncertain { .. } => "uncertain",
        What::Suspended { .. } => "suspended",
        What::Resumed => "resumed",
        What::CancelRequested { .. } => "cancel",
        What::Finished(_) => "finished",
        What::Unknown { .. } => "unknown",
    };
    journal.iter().map(|(_, entry)| kind(&entry.what)).collect()
}

pub fn is_runs(subject: &Subject) -> bool {
    subject.as_str().starts_with("hw.run.")
}

fn snapshot(tools: &[&str], script: PathBuf) -> Snapshot {
    let name = AgentName::parse("a").unwrap();
    let webhook = Webhook {
        id: WebhookId::parse("wh_aaaaaaaaaaaaaaaa").unwrap(),
        slug: Slug::parse("repo").unwrap(),
        enabled: true,
        source: "github".into(),
        auth: Auth::None,
        secrets: vec![],
        events: EventFilter::default(),
        max_body: 1 << 20,
        entity_pointers: vec![],
        delivery_key: None,
        public_base_url: None,
        public_path: None,
        verify_token: None,
        pairing_until: None,
        gate: Default::default(),
        routes: vec![Route {
            name: "r".into(),
            events: EventFilter::default(),
            action: Action::Agent(name.clone()),
            session: SessionMode::PerEntity,
            prompt_suffix: None,
        }],
    };
    let agent = Agent {
        name: name.clone(),
        description: String::new(),
        instructions: "look at it".into(),
        model: "m".into(),
        tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
        limits: Limits { tool_timeout_s: 1, ..Limits::default() },
        on_uncertain: OnUncertain::TellModel,
    };
    let model = Model {
        provider: Provider::Scripted,
        model: script.display().to_string(),
        base_url: None,
        api_key: None,
        max_output_tokens: None,
    };
    Snapshot { webhook, agents: [(name, agent)].into(), models: [("m".into(), model)].into() }
}

pub fn production(mut options: Options) -> Options {
    options.profile = Profile::Production;
    options
}
