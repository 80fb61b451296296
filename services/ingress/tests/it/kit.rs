//! An ingress with one webhook of every kind, and shorthands to talk to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use hookwheel_core::WebhookId;
use hookwheel_core::delivery::DeliveryReceived;
use hookwheel_core::filter::EventFilter;
use hookwheel_core::ids::{Slug, digest};
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::{Auth, Encoding, Hash, HmacScheme, SecretRef, Webhook};
use hookwheel_ingress::{Options, Ports, Service, build};
use hookwheel_proto::Fact;
use hookwheel_testkit::rawsocket::{Answer, RawSocket};
use hookwheel_testkit::sender::Sender;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::log::MemoryLog;

/// The secret of every webhook; it must never be seen in a log line, a record or an answer.
pub const SECRET: &str = "whsec_Q2FuYXJ5U2VjcmV0VGhhdE11c3ROZXZlckJlU2Vlbg==";

/// A running ingress.
pub struct Ingress {
    pub address: SocketAddr,
    pub log: Arc<MemoryLog>,
    pub stop: CancellationToken,
    pub readiness: hookwheel_runtime::ready::Readiness,
    pub running: JoinHandle<()>,
    secrets: tempfile::TempDir,
}

/// Impatient, so that the tests of patience are quick; otherwise as configured by default.
pub fn impatient() -> Options {
    Options {
        listen: ([127, 0, 0, 1], 0).into(),
        head_timeout: Duration::from_millis(400),
        body_idle_timeout: Duration::from_millis(400),
        body_timeout: Duration::from_millis(1_200),
        append_timeout: Duration::from_secs(3),
        ..Options::default()
    }
}

impl Ingress {
    pub async fn start() -> Self {
        Self::start_with(Options {
            head_timeout: Duration::from_secs(20),
            body_idle_timeout: Duration::from_secs(20),
            ..impatient()
        })
        .await
    }

    pub async fn start_with(options: Options) -> Self {
        seen();
        scrape();
        let log = MemoryLog::new();
        let secrets = tempfile::tempdir().unwrap();
        std::fs::write(secrets.path().join("secret"), format!("{SECRET}\n")).unwrap();
        let service = build(options, Ports { log: log.clone() }).await.unwrap();
        let (address, readiness) = (service.address(), service.readiness());
        let stop = CancellationToken::new();
        let running = tokio::spawn(Service::run(service, stop.clone()));
        let ingress = Self { address, log, stop, readiness, running, secrets };
        for hook in ingress.all_kinds() {
            ingress.configure(&hook);
        }
        // The last one written: once it answers, all the others do.
        ingress
            .until(async || ingress.status(post("/webhooks/open", "X-Delivery-Id: first\r\n", b"{}")).await == 202)
            .await;
        ingress
    }

    fn all_kinds(&self) -> Vec<Webhook> {
        let hmac = HmacScheme::over_body("X-Signature", "", Encoding::Hex, Hash::Sha256);
        let mut small = self.hook("small", "generic", Auth::None);
        small.max_body = 1_000;
        let mut lost = self.hook("lost", "github", Auth::GithubHmacSha256);
        lost.secrets.push(SecretRef::File("/nowhere/secret".into()));
        let mut large = self.hook("large", "github", Auth::GithubHmacSha256);
        large.max_body = 25 << 20;
        let mut off = self.hook("off", "github", Auth::GithubHmacSha256);
        off.enabled = false;
        vec![
            self.hook("gh", "github", Auth::GithubHmacSha256),
            self.hook("sw", "standard_webhooks", Auth::StandardWebhooks),
            self.hook("hmac", "generic", Auth::Hmac(hmac)),
            self.hook("static", "generic", Auth::StaticHeader { header: "X-Token".into() }),
            self.hook("bearer", "generic", Auth::Bearer),
            small,
            lost,
            large,
            off,
            self.hook("open", "generic", Auth::None),
        ]
    }

    /// A webhook with the one secret.
    pub fn hook(&self, slug: &str, source: &str, auth: Auth) -> Webhook {
        let secrets = if auth == Auth::None { vec![] } else { vec![SecretRef::File(self.secret_file())] };
        Webhook {
            id: WebhookId::parse(format!("wh_{}", digest(&[slug.as_bytes()]))).unwrap(),
            slug: Slug::parse(slug).unwrap(),
            enabled: true,
            source: source.into(),
            auth,
            secrets,
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
        }
    }

    pub fn secret_file(&self) -> String {
        self.secrets.path().join("secret").display().to_string()
    }

    /// Writes a webhook's snapshot to CONFIG.
    pub fn configure(&self, hook: &Webhook) {
        let snapshot = Snapshot { webhook: hook.clone(), agents: BTreeMap::new(), models: BTreeMap::new() };
        self.log.configure(&format!("webhook.{}", hook.id), Some(snapshot.to_bytes()));
    }

    /// Asks again until it holds, for half a minute at most.
    pub async fn until(&self, holds: impl AsyncFn() -> bool) {
        let asked = async {
            while !holds().await {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), asked).await.expect("it never came to hold");
    }

    /// Sends these bytes over a connection of their own.
    pub async fn raw(&self, bytes: impl AsRef<[u8]>) -> Option<Answer> {
        let mut socket = RawSocket::connect(self.address).await.unwrap();
        socket.send(bytes.as_ref()).await;
        socket.answer().await.unwrap()
    }

    /// The status these bytes are answered with; 0 when the connection is closed without an answer.
    pub async fn status(&self, bytes: impl AsRef<[u8]>) -> u16 {
        self.raw(bytes).await.map_or(0, |answer| answer.status)
    }

    /// The deliveries in the log, of this webhook, decoded.
    pub fn deliveries(&self, slug: &str) -> Vec<DeliveryReceived> {
        let webhook = digest(&[slug.as_bytes()]);
        let stored = self.log.under(&format!("hw.delivery.wh_{webhook}."));
        let read = |record| match hookwheel_proto::decode(&record).unwrap() {
            Fact::DeliveryReceived(delivery) => delivery,
            other => panic!("not a delivery: {other:?}"),
        };
        stored.into_iter().map(read).collect()
    }
}

/// A GitHub sender that knows the secret.
pub fn github() -> Sender {
    Sender::new("github", SECRET).unwrap()
}

/// An unsigned request with these header lines.
pub fn post(path: &str, lines: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n{lines}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// What stands for "closed without an answer".
pub fn closed() -> Answer {
    Answer { status: 0, headers: vec![], body: vec![] }
}

/// Everything that was counted so far, as a scraper reads it.
pub fn scrape() -> String {
    hookwheel_runtime::metrics::install(hookwheel_runtime::metrics::INGRESS).unwrap().render()
}

/// Everything that was logged by any test so far, at every level.
pub fn seen() -> String {
    static SEEN: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    struct Into(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Into {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = SEEN.get_or_init(|| {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&lines);
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_writer(move || Into(Arc::clone(&writer)))
            .init();
        lines
    });
    String::from_utf8_lossy(&lines.lock().unwrap()).into_owned()
}
