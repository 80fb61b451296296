//! Three servers with three replicas of everything, shared by the cases one after the other.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use hookwheel_log::conformance::{Harness, layout};
use hookwheel_log::jetstream::{Options, Profile};
use hookwheel_log::{Append, Log, Outcome};
use hookwheel_testkit::nats::NatsCluster;
use hookwheel_testkit::proxy::Proxy;
use tokio::sync::{Mutex, MutexGuard};

/// The cluster of this test process; whoever holds it has it for one case.
static CLUSTER: OnceLock<Mutex<Option<NatsCluster>>> = OnceLock::new();

/// The cluster, emptied, and a way to each server.
pub struct ThreeServers {
    cluster: Mutex<MutexGuard<'static, Option<NatsCluster>>>,
    proxies: Vec<Proxy>,
    options: Options,
}

impl ThreeServers {
    /// Waits for its turn, then for a cluster without a stream.
    pub async fn start() -> Self {
        let mut cluster = CLUSTER.get_or_init(Mutex::default).lock().await;
        match &mut *cluster {
            Some(cluster) => recovered(cluster).await,
            none => *none = Some(NatsCluster::start(3).await.unwrap()),
        }
        let servers = cluster.as_ref().unwrap().servers();
        let mut proxies = Vec::new();
        for server in servers {
            proxies.push(Proxy::start(server.address()).await.unwrap());
        }
        let urls: Vec<String> = proxies.iter().map(|proxy| format!("nats://{}", proxy.address())).collect();
        let options = Options {
            profile: Profile::Durable,
            monitor_urls: servers.iter().map(|server| server.monitor_url()).collect(),
            ..Options::at(&urls.join(","))
        };
        emptied(&servers[0].url()).await;
        Self { cluster: Mutex::new(cluster), proxies, options }
    }
}

impl ThreeServers {
    /// Kills one server, waits until it has caught up again.
    pub async fn kill9_and_restart(&self, victim: usize) {
        let mut cluster = self.cluster.lock().await;
        let cluster = cluster.as_mut().unwrap();
        cluster.servers_mut()[victim].restart().await.unwrap();
        cluster.settled().await.unwrap();
    }
}

#[async_trait]
impl Harness for ThreeServers {
    async fn open(&self) -> Arc<dyn Log> {
        Arc::new(super::open(&self.options).await)
    }

    async fn crash(&self) {
        let mut cluster = self.cluster.lock().await;
        let cluster = cluster.as_mut().unwrap();
        cluster.kill9().unwrap();
        cluster.restart().await.unwrap();
    }

    async fn restart(&self) {
        let mut cluster = self.cluster.lock().await;
        let cluster = cluster.as_mut().unwrap();
        cluster.stop().await.unwrap();
        cluster.restart().await.unwrap();
    }

    async fn append_and_kill(&self, records: Vec<Append>, after: usize) -> Vec<(usize, Outcome)> {
        let log = self.open().await;
        let mut cluster = self.cluster.lock().await;
        let cluster = cluster.as_mut().unwrap();
        let acknowledged = super::append_until(log, records, after, || cluster.kill9().unwrap()).await;
        cluster.restart().await.unwrap();
        acknowledged
    }

    async fn stop(&self) {
        // Without two of three there is no quorum.
        let mut cluster = self.cluster.lock().await;
        for server in &mut cluster.as_mut().unwrap().servers_mut()[1..] {
            server.freeze().unwrap();
        }
    }

    async fn resume(&self) {
        let mut cluster = self.cluster.lock().await;
        for server in &mut cluster.as_mut().unwrap().servers_mut()[1..] {
            server.thaw().unwrap();
        }
    }

    async fn cut(&self) {
        self.proxies.iter().for_each(Proxy::cut);
    }
}

/// A case that failed half-way may have left servers frozen or ended.
async fn recovered(cluster: &mut NatsCluster) {
    for server in cluster.servers_mut() {
        if server.thaw().is_err() || !server.is_running() {
            server.restart().await.unwrap();
        }
    }
    cluster.settled().await.unwrap();
}

/// Deletes what earlier cases left: a right that no service has.
async fn emptied(url: &str) {
    let client = async_nats::connect(url).await.unwrap();
    let streams = layout().streams.into_iter().map(|stream| stream.name.to_owned());
    let buckets = layout().buckets.into_iter().map(|bucket| format!("KV_{}", bucket.name));
    for stream in streams.chain(buckets) {
        let gone = async {
            loop {
                let answer = client.request(format!("$JS.API.STREAM.DELETE.{stream}"), "".into()).await;
                let text =
                    answer.map(|message| String::from_utf8_lossy(&message.payload).into_owned()).unwrap_or_default();
                if text.contains("\"success\":true") || text.contains("10059") {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        assert!(tokio::time::timeout(super::READY_WITHIN, gone).await.is_ok(), "stream {stream} is not to be deleted");
    }
}
