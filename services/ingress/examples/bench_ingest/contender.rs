//! Who is measured: ingress on either log, and the two baselines.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use hookwheel_core::delivery::{Body, DeliveryKey, DeliveryReceived};
use hookwheel_core::filter::EventFilter;
use hookwheel_core::ids::Slug;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::{Auth, SecretRef, Webhook};
use hookwheel_core::{DeliveryId, SnapshotHash, Timestamp, WebhookId};
use hookwheel_ingress::{Options, Ports, build};
use hookwheel_log::embedded::Embedded;
use hookwheel_log::jetstream::{self, JetStream};
use hookwheel_log::{Log, Outcome};
use hookwheel_proto::record::delivery_received;
use hookwheel_proto::topology::{CONFIG, Keep, layout, webhook_key};
use hookwheel_sources::{Headers, Request};
use hookwheel_testkit::nats::NatsServer;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::cpu;

/// The webhook's secret.
pub const SECRET: &str = "a secret for benchmarks only";
/// Where every contender takes requests.
pub const PATH: &str = "/webhooks/bench";

/// Who is measured, in the order of their turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Contender {
    /// First baseline: an axum handler that reads the body and answers.
    Axum,
    /// Second baseline: verify, then one JetStream append per request.
    Publish,
    /// Ingress on JetStream.
    Jetstream,
    /// Ingress on the embedded log.
    Embedded,
}

/// A contender that takes requests, on threads of its own.
pub struct Running {
    pub contender: Contender,
    pub address: SocketAddr,
    runtime: Option<Runtime>,
    broker: Option<NatsServer>,
    _files: TempDir,
}

impl Running {
    /// Processor time so far: its own, and its broker's.
    pub fn cpu(&self) -> anyhow::Result<(Duration, Duration)> {
        let broker = self.broker.as_ref().and_then(NatsServer::id);
        Ok((cpu::of_threads(self.contender.threads())?, broker.map_or(Ok(Duration::ZERO), cpu::of_process)?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Contender {
    /// Its name, here and in the report; also that of its threads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Publish => "publish",
            Self::Jetstream => "jetstream",
            Self::Embedded => "embedded",
        }
    }

    /// The names of all threads that work for it.
    fn threads(self) -> &'static [&'static str] {
        match self {
            Self::Axum => &["axum"],
            Self::Publish => &["publish"],
            // Only one of them is busy at a time, so that they may share a name.
            Self::Jetstream => &["jetstream", "intake"],
            Self::Embedded => &["embedded", "intake", "sqlx-sqlite-worker-"],
        }
    }

    /// Starts it with an empty log.
    pub async fn start(self) -> anyhow::Result<Running> {
        let files = tempfile::tempdir()?;
        let on_broker = matches!(self, Self::Publish | Self::Jetstream);
        let broker = if on_broker { Some(NatsServer::start().await?) } else { None };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name(self.name())
            .enable_all()
            .build()?;
        let (folder, url) = (files.path().to_owned(), broker.as_ref().map(NatsServer::url));
        let started = runtime.spawn(async move {
            let secret = folder.join("secret");
            std::fs::write(&secret, SECRET)?;
            match (self, url) {
                (Self::Axum, _) => axum_reads_body().await,
                (Self::Embedded, _) => {
                    let log = Embedded::open(&folder.join("log.db"), layout(Keep::default())).await?;
                    ingress(Arc::new(log), &secret).await
                }
                (Self::Publish, Some(url)) => publish_per_request(jetstream(&url).await?).await,
                (Self::Jetstream, Some(url)) => ingress(jetstream(&url).await?, &secret).await,
                (_, None) => anyhow::bail!("there is no broker"),
            }
        });
        let address = started.await??;
        Ok(Running { contender: self, address, runtime: Some(runtime), broker, _files: files })
    }
}

async fn jetstream(url: &str) -> anyhow::Result<Arc<dyn Log>> {
    let options = jetstream::Options::at(url);
    jetstream::provision(&options, &layout(Keep::default())).await?;
    Ok(Arc::new(JetStream::connect(options, layout(Keep::default())).await?))
}

async fn ingress(log: Arc<dyn Log>, secret: &std::path::Path) -> anyhow::Result<SocketAddr> {
    let webhook = webhook(SecretRef::File(secret.display().to_string()))?;
    let key = webhook_key(&webhook.id);
    let snapshot = Snapshot { webhook, agents: BTreeMap::new(), models: BTreeMap::new() };
    log.bucket(CONFIG).await?.put(&key, snapshot.to_bytes().into(), None).await?;
    let options = Options { listen: ([127, 0, 0, 1], 0).into(), ..Options::default() };
    let service = build(options, Ports { log }).await?;
    let (address, readiness) = (service.address(), service.readiness());
    tokio::spawn(service.run(CancellationToken::new()));
    let ready = async {
        // Both conditions are set soon after the start; none is there at first.
        tokio::time::sleep(Duration::from_millis(100)).await;
        while !readiness.failing().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ready)
        .await
        .with_context(|| format!("ingress is not ready: {:?}", readiness.failing()))?;
    Ok(address)
}

fn webhook(secret: SecretRef) -> anyhow::Result<Webhook> {
    Ok(Webhook {
        id: WebhookId::parse("wh_0123456789abcdef")?,
        slug: Slug::parse("bench")?,
        enabled: true,
        source: "github".into(),
        auth: Auth::GithubHmacSha256,
        secrets: vec![secret],
        events: EventFilter::default(),
        max_body: 1 << 20,
        entity_pointers: vec![],
        delivery_key: None,
        public_base_url: None,
        public_path: None,
        verify_token: None,
        pairing_until: None,
        gate: Default::default(),
        routes: vec![],
    })
}

async fn axum_reads_body() -> anyhow::Result<SocketAddr> {
    serve(Router::new().route("/webhooks/{name}", post(async |body: Bytes| accepted(&body.len().to_string())))).await
}

async fn publish_per_request(log: Arc<dyn Log>) -> anyhow::Result<SocketAddr> {
    serve(Router::new().route("/webhooks/{name}", post(verify_and_publish)).with_state(log)).await
}

async fn verify_and_publish(State(log): State<Arc<dyn Log>>, sent: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let now = Timestamp::from_micros(hookwheel_runtime::clock::now_micros());
    let headers = Headers(sent.iter().map(|(n, v)| (n.as_str().to_owned(), v.as_bytes().to_vec())).collect());
    let request = Request { method: "POST", url: "", headers: &headers, body: &body };
    let Ok(proof) = hookwheel_sources::verify(&Auth::GithubHmacSha256, &[SECRET.as_bytes()], &request, now) else {
        return (StatusCode::UNAUTHORIZED, String::new());
    };
    let Ok(webhook) = WebhookId::parse("wh_0123456789abcdef") else {
        return (StatusCode::INTERNAL_SERVER_ERROR, String::new());
    };
    let delivery = DeliveryId::from_uuid_bytes(*uuid::Uuid::now_v7().as_bytes());
    let record = delivery_received(&DeliveryReceived {
        delivery: delivery.clone(),
        key: DeliveryKey::new(&webhook, headers.text("x-github-delivery").unwrap_or_default()),
        webhook,
        source: "github".into(),
        received_at: now,
        method: "POST".into(),
        headers: headers.0,
        body: Body::Inline(body),
        proof,
        snapshot: SnapshotHash::of(b""),
        peer: String::new(),
        traceparent: None,
    });
    match log.append(record).await {
        Ok(Outcome::Stored(_)) => accepted(delivery.as_str()),
        _ => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
    }
}

fn accepted(delivery: &str) -> (StatusCode, String) {
    (StatusCode::ACCEPTED, format!(r#"{{"status":"accepted","delivery_id":"{delivery}"}}"#))
}

async fn serve(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
