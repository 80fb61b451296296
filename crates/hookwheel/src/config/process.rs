//! Where and how `hookwheel up` runs: addresses, directories, retention.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use hookwheel_core::network::Network;
use hookwheel_proto::topology::Keep;
use hookwheel_runtime::settings::Table;

use super::file::Notes;
use super::gate;
use super::sealing::Sealing;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How strict to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// For trying out: scripted models are taken.
    Development,
    /// For work: scripted models are refused.
    Production,
}

impl Profile {
    /// The name in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

/// Settings of the process; a change of these needs a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// How strict to be.
    pub profile: Profile,
    /// The log, the tables and the agents' notes.
    pub data_dir: PathBuf,
    /// Where the agents' files are.
    pub agents_dir: PathBuf,
    /// Addresses.
    pub server: Server,
    /// The embedded log's file.
    pub log: PathBuf,
    /// The tables' file.
    pub store: PathBuf,
    /// How long things are kept and how they are handed out.
    pub keep: Keep,
    /// Runs at the same time.
    pub workers: u32,
    /// Sealed secrets and their keys.
    pub sealing: Sealing,
}

/// Addresses to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// `POST /webhooks/{slug}`.
    pub intake: SocketAddr,
    /// The read API and the inspector.
    pub api: SocketAddr,
    /// `/metrics`, `/livez`, `/readyz`.
    pub admin: SocketAddr,
    /// The proxies in front of the intake.
    pub trusted_proxies: Vec<Network>,
    /// Keys of the API; needed when it is open beyond loopback.
    pub api_keys: Option<PathBuf>,
}

impl Process {
    pub(super) fn read(root: &Table<'_>, notes: &Notes) -> Self {
        let profiles = [("development", Profile::Development), ("production", Profile::Production)];
        let data_dir = notes.resolve(root.str("data_dir", ".hookwheel"));
        let within = |table: &Table<'_>, file: &str| match table.opt_path("path") {
            Some(path) => notes.resolve(path),
            None => data_dir.join(file),
        };
        let log = root.table("log");
        Self {
            profile: root.choice("profile", Profile::Development, &profiles),
            agents_dir: notes.resolve(root.str("agents_dir", "agents")),
            server: Server::read(&root.table("server"), notes),
            log: within(&log, "log.db"),
            store: within(&root.table("store"), "tables.db"),
            keep: keep(&root.table("retention"), &log),
            workers: u32::try_from(root.u64("workers", 16, 1..=1024)).unwrap_or(16),
            sealing: Sealing::read(&root.table("secrets"), notes),
            data_dir,
        }
    }
}

impl Server {
    fn read(table: &Table<'_>, notes: &Notes) -> Self {
        let address = |key: &str, port: u16| {
            let wanted = format!("an address and port like \"127.0.0.1:{port}\"");
            table.parsed(key, &wanted).unwrap_or(SocketAddr::from(([127, 0, 0, 1], port)))
        };
        let server = Self {
            intake: address("intake", 8080),
            api: address("api", 8081),
            admin: address("admin", 9464),
            trusted_proxies: gate::networks(table, "trusted_proxies").unwrap_or_default(),
            api_keys: table.opt_path("api_keys").map(|path| notes.resolve(path)),
        };
        if !server.api.ip().is_loopback() && server.api_keys.is_none() {
            table.mistake(
                "api",
                "the API would be open beyond this machine without keys",
                "add `api_keys = \"PATH\"`, or listen on \"127.0.0.1:8081\"",
            );
        }
        server.forbid_shared_ports(table);
        server
    }

    fn forbid_shared_ports(&self, table: &Table<'_>) {
        let clash = |one: SocketAddr, other: SocketAddr| one == other && one.port() != 0;
        if clash(self.intake, self.api) {
            table.mistake("api", "`api` and `intake` are the same address", "give each its own port");
        }
        if clash(self.admin, self.intake) || clash(self.admin, self.api) {
            table.mistake("admin", "`admin` is the address of another port", "give each its own port");
        }
    }
}

fn keep(retention: &Table<'_>, log: &Table<'_>) -> Keep {
    let default = Keep::default();
    let deliveries = retention.duration("deliveries", default.deliveries, 72 * HOUR..=365 * DAY);
    let runs = retention.duration("runs", default.runs.max(deliveries), 72 * HOUR..=3650 * DAY);
    if runs < deliveries {
        retention.mistake(
            "runs",
            "runs would be forgotten before their deliveries",
            "make `runs` at least as long as `deliveries`",
        );
    }
    Keep { deliveries, runs, ack_wait: log.duration("ack_wait", default.ack_wait, SECOND..=600 * SECOND) }
}
