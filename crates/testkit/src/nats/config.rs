//! The server's configuration file, and the file in which it tells its ports.

use std::path::{Path, PathBuf};

use super::Files;

/// When the server syncs what it stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// Before it acknowledges.
    Always,
    /// Every two minutes: the server's own default.
    Default,
}

/// The ports of a server; 0 for one to be chosen by the server.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ports {
    pub client: u16,
    pub monitor: u16,
}

/// A member of a cluster: its own route port, and everybody's.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub name: String,
    pub own: u16,
    pub all: Vec<u16>,
}

/// What a server is started with.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub folder: PathBuf,
    pub sync: Sync,
    pub ports: Ports,
    pub member: Option<Member>,
}

impl Config {
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.into(), sync: Sync::Always, ports: Ports::default(), member: None }
    }

    /// Writes the configuration file.
    pub fn write(&self) -> std::io::Result<Files> {
        let files = Files {
            config: self.folder.join("nats.conf"),
            ports: self.folder.join("ports"),
            log: self.folder.join("nats.log"),
        };
        std::fs::create_dir_all(&files.ports)?;
        std::fs::write(&files.config, self.text(&files))?;
        Ok(files)
    }

    fn text(&self, files: &Files) -> String {
        let port = |port: u16| if port == 0 { "-1".to_owned() } else { port.to_string() };
        let sync = match self.sync {
            Sync::Always => "sync_interval: always",
            Sync::Default => "",
        };
        let mut text = format!(
            "listen: \"127.0.0.1:{}\"\nhttp: \"127.0.0.1:{}\"\nports_file_dir: {:?}\n\
             jetstream {{ store_dir: {:?}\n {sync} }}\n",
            port(self.ports.client),
            port(self.ports.monitor),
            files.ports,
            self.folder.join("data"),
        );
        if let Some(member) = &self.member {
            let routes: Vec<String> = member.all.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
            text += &format!(
                "server_name: {}\ncluster {{ name: hookwheel\n listen: \"127.0.0.1:{}\"\n no_advertise: true\n \
                 routes: [{}] }}\n",
                member.name,
                member.own,
                routes.join(", "),
            );
        }
        text
    }
}

impl Files {
    /// The ports the server with this process id has told, once it has.
    pub fn ports(&self, pid: u32) -> Option<Ports> {
        let name = format!("nats-server_{pid}.ports");
        let told: serde_json::Value = serde_json::from_slice(&std::fs::read(self.ports.join(name)).ok()?).ok()?;
        let port = |kind: &str| told[kind][0].as_str()?.rsplit(':').next()?.parse().ok();
        Some(Ports { client: port("nats")?, monitor: port("monitoring")? })
    }

    /// The last lines of the server's log.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}
