//! A local nats-server: on loopback, with JetStream that syncs before it acknowledges, killed with the test.

mod cluster;
mod config;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use tempfile::TempDir;
use tokio::time::Instant;

pub use cluster::NatsCluster;
pub use config::Sync;
use config::{Config, Ports};

use crate::child::OwnChild;
use crate::tools::NATS_SERVER;

/// Longer than a healthy server takes to start, even beside eight compilers.
const START_WITHIN: Duration = Duration::from_secs(30);

/// A stopped process stands still long before.
const FROZEN_WITHIN: Duration = Duration::from_secs(10);

/// One server process with its data folder.
#[derive(Debug)]
pub struct NatsServer {
    config: Config,
    ports: Ports,
    child: Option<OwnChild>,
    /// Removed at the end, unless the folder is the caller's.
    own_folder: Option<TempDir>,
}

impl NatsServer {
    /// Starts a server on free ports with a data folder of its own.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(Sync::Always).await
    }

    /// Starts a server that syncs when told.
    pub async fn start_with(sync: Sync) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("hookwheel-nats-")?;
        let config = Config { sync, ..Config::in_folder(folder.path()) };
        Self::launch(config, Some(folder)).await
    }

    /// Starts a server on free ports with this data folder, which is kept.
    pub async fn start_in(folder: &Path) -> anyhow::Result<Self> {
        Self::launch(Config::in_folder(folder), None).await
    }

    async fn launch(config: Config, folder: Option<TempDir>) -> anyhow::Result<Self> {
        let mut server = Self { config, ports: Ports::default(), child: None, own_folder: folder };
        server.restart().await?;
        Ok(server)
    }

    /// Where clients connect, such as `nats://127.0.0.1:4222`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.ports.client)
    }

    /// Where clients connect.
    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.ports.client).into()
    }

    /// Where `/varz` and `/jsz` are, such as `http://127.0.0.1:8222`.
    pub fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.monitor)
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.config.folder
    }

    /// Ends the server with `SIGKILL`: nothing is flushed.
    pub fn kill9(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill9()?;
        }
        Ok(())
    }

    /// Ends the server in good order.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(child) = &mut self.child {
            child.signal(Signal::SIGTERM)?;
            let patience = Patience::with("nats-server ends");
            while child.is_running() {
                patience.pause().await?;
            }
        }
        self.kill9()
    }

    /// The process id, while there is a process.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(OwnChild::id)
    }

    /// Whether the process runs, frozen or not.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(OwnChild::is_running)
    }

    /// Freezes the server with `SIGSTOP`; connections stay open and nothing answers. Returns when every thread stands
    /// still: one that was in the kernel when the signal came goes on for a moment.
    pub fn freeze(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::SIGSTOP)?;
        let id = self.id().context("nats-server is not running")?;
        let since = Instant::now();
        while !stands_still(id)? {
            ensure!(since.elapsed() < FROZEN_WITHIN, "nats-server was told to stop and goes on");
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Undoes [`NatsServer::freeze`].
    pub fn thaw(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Ends the server with `SIGKILL` if it runs, and starts it on the same folder and ports. Returns once it takes
    /// connections; JetStream of a cluster may take longer.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.kill9()?;
        self.ports = self.launch_once().await?;
        self.config.ports = self.ports;
        Ok(())
    }

    async fn launch_once(&mut self) -> anyhow::Result<Ports> {
        let files = self.config.write()?;
        let log = std::fs::File::create(&files.log)?;
        let mut command = Command::new(NATS_SERVER.find()?);
        command.arg("-c").arg(&files.config).stdout(Stdio::null()).stderr(log);
        let mut child = OwnChild::spawn_with(&mut command, self.own_folder.as_ref().map(TempDir::path))?;
        let patience = Patience::with("nats-server listens");
        loop {
            match files.ports(child.id()) {
                Some(ports) if listens(ports.client).await => {
                    self.child = Some(child);
                    return Ok(ports);
                }
                _ if child.is_running() => patience.pause().await?,
                _ => bail!("nats-server ended at its start: {}", files.last_words()),
            }
        }
    }

    fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        let child = self.child.as_mut().context("nats-server is not running")?;
        Ok(child.signal(signal)?)
    }
}

/// Whether every thread of a process is stopped.
fn stands_still(process: u32) -> anyhow::Result<bool> {
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        // `12 (name) T ...`, where a name may hold anything but is the last thing in brackets.
        let stat = std::fs::read_to_string(thread?.path().join("stat")).unwrap_or_default();
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        if !matches!(state, None | Some('T')) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn listens(port: u16) -> bool {
    tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}

/// Tries that are made until they succeed or the time is up.
struct Patience {
    what: &'static str,
    until: Instant,
}

impl Patience {
    fn with(what: &'static str) -> Self {
        Self { what, until: Instant::now() + START_WITHIN }
    }

    /// Waits a little before the next try.
    async fn pause(&self) -> anyhow::Result<()> {
        ensure!(Instant::now() < self.until, "waited {START_WITHIN:?} in vain until {}", self.what);
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(())
    }
}

/// The paths a server's start needs.
#[derive(Debug)]
struct Files {
    config: PathBuf,
    ports: PathBuf,
    log: PathBuf,
}
