//! Child processes that can be killed with -9, started again on the same ports, and that never outlive the test.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A program with fixed arguments and environment, running or not.
pub struct Process {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    log: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// Describes a process; nothing is started. Its output goes to `<dir>/<name>.log`.
    pub fn new(name: &str, program: PathBuf, arguments: &[&str], dir: &Path) -> Self {
        Self {
            name: name.into(),
            program,
            arguments: arguments.iter().map(|&a| a.to_owned()).collect(),
            environment: BTreeMap::new(),
            log: dir.join(format!("{name}.log")),
            child: None,
        }
    }

    /// Sets an environment variable for every start from now on.
    pub fn env(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Starts it, if it is not running; `failpoint` is where it shall die by itself.
    pub fn start(&mut self, failpoint: Option<&str>) -> anyhow::Result<()> {
        if self.is_running() {
            return Ok(());
        }
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).envs(&self.environment).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        match failpoint {
            Some(place) => command.env("HOOKWHEEL_FAILPOINT", place),
            None => command.env_remove("HOOKWHEEL_FAILPOINT"),
        };
        let child = command.spawn().with_context(|| format!("{} cannot be started", self.program.display()))?;
        self.child = Some(child);
        Ok(())
    }

    /// Whether it is alive.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Kills it as `kill -9` does and waits until it is gone. Says whether it was alive.
    pub fn kill9(&mut self) -> bool {
        let alive = self.is_running();
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        alive
    }

    /// Asks it to drain and waits for its end.
    pub fn stop(&mut self, within: Duration) -> anyhow::Result<Option<ExitStatus>> {
        let Some(child) = self.child.as_mut() else { return Ok(None) };
        let _ = self::signal(child, Signal::SIGTERM);
        let until = Instant::now() + within;
        loop {
            if let Some(status) = child.try_wait()? {
                self.child = None;
                return Ok(Some(status));
            }
            if Instant::now() > until {
                self.kill9();
                bail!("{} did not drain within {within:?}; its log:\n{}", self.name, self.tail_of_log());
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let child = self.child.as_ref().context("not running")?;
        self::signal(child, signal)
    }

    /// Its process id.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// All it has printed, over every start.
    pub fn output(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The end of that.
    pub fn tail_of_log(&self) -> String {
        let text = self.output();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn signal(child: &Child, signal: Signal) -> anyhow::Result<()> {
    Ok(kill(Pid::from_raw(i32::try_from(child.id())?), signal)?)
}

/// A loopback address nobody listens on.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// A binary of this workspace, beside the running test.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let target = test.ancestors().find(|dir| dir.join(name).is_file());
    target.map(|dir| dir.join(name)).with_context(|| {
        format!("the binary {name} is not built; run `cargo xtask test`, or `cargo build --workspace --bins` first")
    })
}

/// Polls until the condition gives something, and fails with `what` after the bound.
pub async fn eventually<T, F>(what: &str, within: Duration, mut condition: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let until = Instant::now() + within;
    loop {
        let outcome = condition().await;
        if let Ok(Some(found)) = outcome {
            return Ok(found);
        }
        if Instant::now() > until {
            bail!("{what} did not happen within {within:?}: {:?}", outcome.err());
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// The HTTP client has no TLS provider of its own; the first caller installs one for the process.
pub fn choose_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
