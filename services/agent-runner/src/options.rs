//! What an operator can set.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of one agent-runner process.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Runs driven at once.
    #[arg(long, env = "HOOKWHEEL_AGENT_RUNNER_WORKERS", default_value_t = 16, value_parser = workers)]
    pub workers: usize,
    /// Folder for files of this process, such as `notes.md`.
    #[arg(long, env = "HOOKWHEEL_AGENT_RUNNER_DATA_DIR", default_value = ".hookwheel")]
    pub data_dir: PathBuf,
    /// `production` refuses the scripted model.
    #[arg(id = "agent-runner-profile", long = "profile", env = "HOOKWHEEL_AGENT_RUNNER_PROFILE", value_enum, default_value_t = Profile::Development)]
    pub profile: Profile,
    /// Name of this worker in journals, for people; the host's name when absent.
    #[arg(long, env = "HOOKWHEEL_AGENT_RUNNER_NAME")]
    pub worker_name: Option<String>,
    /// Seconds after which a silent worker's session may be taken by another.
    #[arg(long = "lease-s", env = "HOOKWHEEL_AGENT_RUNNER_LEASE_S", default_value = "45", value_parser = seconds)]
    pub lease: Duration,
    /// Seconds after which a silent worker's wake comes back; the `ack_wait` of the provisioned layout.
    #[arg(long = "ack-wait-s", env = "HOOKWHEEL_AGENT_RUNNER_ACK_WAIT_S", default_value = "30", value_parser = seconds)]
    pub ack_wait: Duration,
    /// Seconds that calls in progress get to end after a stop.
    #[arg(long = "grace-s", env = "HOOKWHEEL_AGENT_RUNNER_GRACE_S", default_value = "600", value_parser = seconds)]
    pub grace: Duration,
    /// Seconds between two looks for forgotten sessions.
    #[arg(long = "sweep-s", env = "HOOKWHEEL_AGENT_RUNNER_SWEEP_S", default_value = "60", value_parser = seconds)]
    pub sweep: Duration,
}

/// How strict to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Profile {
    /// Scripted models are fine.
    #[default]
    Development,
    /// Only real models.
    Production,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            workers: 16,
            data_dir: ".hookwheel".into(),
            profile: Profile::Development,
            worker_name: None,
            lease: Duration::from_secs(45),
            ack_wait: Duration::from_secs(30),
            grace: Duration::from_secs(600),
            sweep: Duration::from_secs(60),
        }
    }
}

impl Options {
    /// The worker's name: as set, or the host's.
    pub(crate) fn name(&self) -> String {
        let host = || std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
        let name = self.worker_name.clone().or_else(|| std::env::var("HOSTNAME").ok()).or_else(host);
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| "agent-runner".into()).chars().take(64).collect()
    }
}

fn workers(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=1024).contains(n)).ok_or_else(|| "write a number from 1 to 1024".into())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|s| (0.01..=86_400.0).contains(s));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "write seconds, from 0.01 to 86400".into())
}
