//! Several local servers as one cluster, for streams with replicas.

use std::net::TcpListener;

use anyhow::Context as _;
use tempfile::TempDir;

use super::config::{Config, Member};
use super::{NatsServer, Patience};

/// A cluster on loopback.
#[derive(Debug)]
pub struct NatsCluster {
    servers: Vec<NatsServer>,
}

impl NatsCluster {
    /// Starts so many servers and waits until they have a JetStream leader.
    pub async fn start(size: usize) -> anyhow::Result<Self> {
        let routes = free_ports(size)?;
        let mut servers = Vec::new();
        for (number, own) in routes.iter().enumerate() {
            let name = format!("n{}", number + 1);
            let folder = TempDir::with_prefix("hookwheel-nats-")?;
            let member = Member { name, own: *own, all: routes.clone() };
            let config = Config { member: Some(member), ..Config::in_folder(folder.path()) };
            servers.push(NatsServer::launch(config, Some(folder)).await?);
        }
        let cluster = Self { servers };
        cluster.settled().await?;
        Ok(cluster)
    }

    /// Where clients connect: every server's address, joined by commas.
    pub fn url(&self) -> String {
        self.servers.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
    }

    /// The servers.
    pub fn servers(&self) -> &[NatsServer] {
        &self.servers
    }

    /// The servers, to be hurt one by one.
    pub fn servers_mut(&mut self) -> &mut [NatsServer] {
        &mut self.servers
    }

    /// Ends every server with `SIGKILL`.
    pub fn kill9(&mut self) -> anyhow::Result<()> {
        self.servers.iter_mut().try_for_each(NatsServer::kill9)
    }

    /// Ends every server in good order, one after the other.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        for server in &mut self.servers {
            server.stop().await?;
        }
        Ok(())
    }

    /// Starts every server again and waits until they have a JetStream leader.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        for server in &mut self.servers {
            server.restart().await?;
        }
        self.settled().await
    }

    /// Waits until every server knows the cluster's JetStream leader and is itself well.
    pub async fn settled(&self) -> anyhow::Result<()> {
        for server in &self.servers {
            let url = format!("{}/healthz", server.monitor_url());
            let patience = Patience::with("the cluster settles");
            while !http_get(&url).await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                patience.pause().await?;
            }
        }
        Ok(())
    }
}

/// Ports nobody listens on right now.
fn free_ports(count: usize) -> std::io::Result<Vec<u16>> {
    let held = (0..count).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect::<Result<Vec<_>, _>>()?;
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

/// A plain HTTP/1.0 GET on loopback: the whole answer, head included.
async fn http_get(url: &str) -> anyhow::Result<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).context("not a plain URL")?;
    let mut stream = tokio::net::TcpStream::connect(host).await?;
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
