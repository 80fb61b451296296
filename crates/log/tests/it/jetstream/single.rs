//! One server a case, behind a proxy that can cut connections.

use std::sync::Arc;

use async_trait::async_trait;
use hookwheel_log::conformance::Harness;
use hookwheel_log::jetstream::Options;
use hookwheel_log::{Append, Log, Outcome};
use hookwheel_testkit::nats::NatsServer;
use hookwheel_testkit::proxy::Proxy;
use tokio::sync::Mutex;

/// A server, and the way to it.
pub struct OneServer {
    server: Mutex<NatsServer>,
    proxy: Proxy,
}

impl OneServer {
    /// Starts a fresh one.
    pub async fn start() -> Self {
        let server = NatsServer::start().await.unwrap();
        let proxy = Proxy::start(server.address()).await.unwrap();
        Self { server: Mutex::new(server), proxy }
    }

    fn options(&self) -> Options {
        Options::at(&format!("nats://{}", self.proxy.address()))
    }
}

#[async_trait]
impl Harness for OneServer {
    async fn open(&self) -> Arc<dyn Log> {
        Arc::new(super::open(&self.options()).await)
    }

    async fn crash(&self) {
        self.server.lock().await.restart().await.unwrap();
    }

    async fn restart(&self) {
        let mut server = self.server.lock().await;
        server.stop().await.unwrap();
        server.restart().await.unwrap();
    }

    async fn append_and_kill(&self, records: Vec<Append>, after: usize) -> Vec<(usize, Outcome)> {
        let log = self.open().await;
        let mut server = self.server.lock().await;
        let acknowledged = super::append_until(log, records, after, || server.kill9().unwrap()).await;
        server.restart().await.unwrap();
        acknowledged
    }

    async fn stop(&self) {
        self.server.lock().await.freeze().unwrap();
    }

    async fn resume(&self) {
        self.server.lock().await.thaw().unwrap();
    }

    async fn cut(&self) {
        self.proxy.cut();
    }
}
