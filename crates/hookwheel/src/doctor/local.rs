//! What is on this machine: configuration, secrets, directories, ports.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use hookwheel_core::agent::Provider;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::SecretRef;

use super::Finding;
use crate::config::{self, ConfigArgs, Configuration};
use crate::output;

pub(super) fn examine(config: &ConfigArgs) -> Vec<Finding> {
    let configuration = match config.read() {
        Ok(configuration) => configuration,
        Err(mistakes) => {
            let finding = |mistake: &hookwheel_runtime::settings::Mistake| {
                let at = format!("{}:{}:{}", mistake.file, mistake.line, mistake.column);
                Finding::missing("configuration", format!("{at}: {}", mistake.what), mistake.remedy.clone())
            };
            return mistakes.0.iter().map(finding).collect();
        }
    };
    let webhooks = output::count(configuration.snapshots.len(), "webhook");
    let detail = format!("{}, {webhooks}", config.path().display());
    let mut findings = vec![Finding::fine("configuration", detail)];
    findings.extend(configuration.warnings.iter().map(|warning| {
        Finding::odd("configuration", format!("{}:{}: {}", warning.file, warning.line, warning.what), warning.remedy.clone())
    }));
    findings.extend(secrets(&configuration));
    findings.extend(models(&configuration));
    findings.push(directory(&configuration.process.data_dir));
    let server = &configuration.process.server;
    findings.extend([port("intake", server.intake), port("api", server.api), port("admin", server.admin)]);
    findings
}

fn secrets(configuration: &Configuration) -> Vec<Finding> {
    let of = |snapshot: &Snapshot| {
        let slug = snapshot.webhook.slug.clone();
        let finding = move |secret: &SecretRef| secret_of("secret", &format!("webhook {slug}"), secret);
        snapshot.webhook.secrets.iter().map(finding).collect::<Vec<_>>()
    };
    configuration.snapshots.iter().flat_map(of).collect()
}

fn models(configuration: &Configuration) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, model) in configuration.snapshots.iter().flat_map(|snapshot| &snapshot.models) {
        if model.provider == Provider::Scripted {
            let detail = format!("model {name} is scripted: canned answers, no AI");
            findings.push(Finding::odd("model", detail, "name a real provider when you want real answers"));
        }
        findings.extend(model.api_key.iter().map(|key| secret_of("model key", &format!("model {name}"), key)));
    }
    findings.dedup();
    findings
}

/// Says whether a secret can be read, never what it is.
fn secret_of(what: &'static str, of: &str, secret: &SecretRef) -> Finding {
    match (config::read_secret(secret), secret) {
        (Ok(_), SecretRef::Env(name)) => Finding::fine(what, format!("{of}: variable {name} is set")),
        (Ok(_), SecretRef::File(path)) => Finding::fine(what, format!("{of}: {path} can be read")),
        (Err(error), SecretRef::Env(name)) => {
            Finding::missing(what, format!("{of}: {error}"), format!("export {name}=\"$(cat PATH)\""))
        }
        (Err(error), SecretRef::File(path)) => {
            Finding::missing(what, format!("{of}: {error}"), format!("openssl rand -hex 32 > {path}"))
        }
    }
}

/// Whether files can be made where they will be; makes nothing that stays.
fn directory(dir: &Path) -> Finding {
    let there = dir.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(Path::new("."));
    match tempfile::tempfile_in(there) {
        Ok(_) => Finding::fine("data", format!("{} can be written", dir.display())),
        Err(error) => {
            let fix = format!("mkdir -p {0} && chown \"$(id -u)\" {0}", dir.display());
            Finding::missing("data", format!("{} cannot be written: {error}", there.display()), fix)
        }
    }
}

fn port(what: &'static str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::fine(what, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let fix = format!("if that is not hookwheel, write another `{what}` under [server]");
            Finding::odd(what, format!("{address} is in use"), fix)
        }
        Err(error) => {
            let fix = format!("write another `{what}` under [server]");
            Finding::missing(what, format!("{address} cannot be used: {error}"), fix)
        }
    }
}
