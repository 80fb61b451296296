//! What is on this machine: configuration, secrets, directories, ports.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use hookwheel_core::agent::Provider;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::webhook::{SecretRef, Webhook};
use hookwheel_runtime::settings::Mistake;

use super::{Finding, State};
use crate::config::{self, ConfigArgs, Configuration, Opener, Unopened};
use crate::{commands, output};

pub(super) fn examine(config: &ConfigArgs) -> Vec<Finding> {
    let configuration = match config.read() {
        Ok(configuration) => configuration,
        Err(mistakes) => return mistakes.0.iter().map(|mistake| finding(State::Missing, mistake)).collect(),
    };
    let webhooks = output::count(configuration.snapshots.len(), "webhook");
    let detail = format!("{}, {webhooks}", config.path().display());
    let mut findings = vec![Finding::fine("configuration", detail)];
    findings.extend(configuration.warnings.iter().map(|warning| finding(State::Odd, warning)));
    findings.extend(secrets(&configuration));
    findings.extend(models(&configuration));
    findings.push(directory(&configuration.process.data_dir));
    let server = &configuration.process.server;
    findings.extend([port("intake", server.intake), port("api", server.api), port("admin", server.admin)]);
    findings
}

fn finding(state: State, mistake: &Mistake) -> Finding {
    let detail = format!("{}: {}", config::place(mistake), mistake.what);
    Finding { state, what: "configuration", detail, fix: Some(mistake.remedy.clone()) }
}

fn secrets(configuration: &Configuration) -> Vec<Finding> {
    let opener = Opener::new(configuration, commands::now());
    let of = |snapshot: &Snapshot| {
        let webhook = &snapshot.webhook;
        let finding = |secret: &SecretRef| match secret {
            SecretRef::Sealed => sealed(webhook, &opener),
            _ => secret_of("secret", &format!("webhook {}", webhook.slug), secret, "openssl rand -hex 32"),
        };
        webhook.secrets.iter().map(finding).collect::<Vec<_>>()
    };
    configuration.snapshots.iter().flat_map(of).collect()
}

/// Says whether a webhook's sealed secret opens.
fn sealed(webhook: &Webhook, opener: &Opener<'_>) -> Finding {
    let slug = &webhook.slug;
    let error = match opener.open(webhook, &SecretRef::Sealed) {
        Ok(versions) => {
            let live = output::count(versions.len(), "live version");
            return Finding::fine("secret", format!("webhook {slug}: its sealed secret opens, {live}"));
        }
        Err(error) => error,
    };
    let fix = match &error {
        Unopened::NothingSealed => format!("hookwheel secret generate {slug}"),
        Unopened::NoKey => "write `key_file`, `key_env` or `key_command` under [secrets]".to_owned(),
        Unopened::Key(_) => "(umask 077; openssl rand -base64 32 > KEY_FILE)   # if there never was one".to_owned(),
        Unopened::Place(_) | Unopened::Seal(..) => {
            "add the master key it was sealed under to the others, or seal a new secret".to_owned()
        }
    };
    Finding::missing("secret", format!("webhook {slug}: {error}"), fix)
}

fn models(configuration: &Configuration) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, model) in configuration.snapshots.iter().flat_map(|snapshot| &snapshot.models) {
        if model.provider == Provider::Scripted {
            let detail = format!("model {name} is scripted: canned answers, no AI");
            findings.push(Finding::odd("model", detail, "name a real provider when you want real answers"));
        }
        findings.extend(model.api_key.iter().map(|key| secret_of("model key", &format!("model {name}"), key, "cat")));
    }
    findings.dedup();
    findings
}

/// Says whether a secret can be read, never what it is. `source` is the command whose output a new file would hold.
fn secret_of(what: &'static str, of: &str, secret: &SecretRef, source: &str) -> Finding {
    match (config::read_secret(secret), secret) {
        (Ok(_), SecretRef::Env(name)) => Finding::fine(what, format!("{of}: variable {name} is set")),
        (Ok(_), SecretRef::File(path)) => Finding::fine(what, format!("{of}: {path} can be read")),
        (Err(error), SecretRef::Env(name)) => {
            Finding::missing(what, format!("{of}: {error}"), format!("export {name}=\"$(cat PATH)\""))
        }
        (Err(error), SecretRef::File(path)) => {
            Finding::missing(what, format!("{of}: {error}"), format!("(umask 077; {source} > {path})"))
        }
        (_, SecretRef::Sealed) => {
            Finding::missing(what, format!("{of}: only webhooks have sealed secrets"), "hookwheel check")
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
