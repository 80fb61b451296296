//! Whether every server syncs to disk before it acknowledges (T2): only its monitoring address tells.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::options::{Options, Profile};
use crate::LogError;

const REMEDY: &str = "set `jetstream { sync_interval: always }` on every server";
/// How long one server may take to tell.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// The longest answer that is read.
const ANSWER_LIMIT: u64 = 1024 * 1024;

/// What the servers' monitoring says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Policy {
    /// So many servers sync before they acknowledge, and no other was named.
    Always(usize),
    /// This server does not.
    Weak(String),
    /// Nobody could be asked.
    Unknown(String),
}

/// Asks every monitoring address.
pub(super) async fn policy(options: &Options) -> Policy {
    if options.monitor_urls.is_empty() {
        return Policy::Unknown("no monitoring address is given (--nats-monitor-url)".into());
    }
    let mut strict = BTreeSet::new();
    for url in &options.monitor_urls {
        match ask(url).await {
            Ok(Server { server_id, jetstream: Jets { config: Some(JetConfig { sync_always: true }) }, .. }) => {
                strict.insert(server_id);
            }
            Ok(server) => return Policy::Weak(server.server_name),
            Err(why) => return Policy::Unknown(format!("{url} does not tell: {why}")),
        }
    }
    Policy::Always(strict.len())
}

/// Whether the policy will do. A warning is for the developer; an error for the operator of a durable log.
pub(super) fn verdict(policy: &Policy, profile: Profile, replicas: usize) -> Result<Option<String>, LogError> {
    let weakness = match policy {
        Policy::Always(servers) if *servers >= replicas || profile == Profile::Development => return Ok(None),
        Policy::Always(servers) => format!(
            "only {servers} of {replicas} servers are known to sync before they acknowledge; name all of them with \
             --nats-monitor-url"
        ),
        Policy::Weak(server) => format!("server {server} acknowledges records before they are on disk; {REMEDY}"),
        Policy::Unknown(why) => {
            format!("it is not known whether the broker syncs records before it acknowledges them: {why}; {REMEDY}")
        }
    };
    match profile {
        Profile::Durable => Err(LogError::Unfit(weakness)),
        Profile::Development => Ok(Some(weakness)),
    }
}

#[derive(Debug, Deserialize)]
struct Server {
    server_id: String,
    #[serde(default)]
    server_name: String,
    #[serde(default)]
    jetstream: Jets,
}

#[derive(Debug, Default, Deserialize)]
struct Jets {
    config: Option<JetConfig>,
}

#[derive(Debug, Deserialize)]
struct JetConfig {
    #[serde(default)]
    sync_always: bool,
}

async fn ask(url: &str) -> Result<Server, String> {
    let answer = tokio::time::timeout(ANSWER_WITHIN, get(url));
    let answer = answer.await.map_err(|_| format!("no answer within {ANSWER_WITHIN:?}"))??;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("not HTTP")?;
    if head.split(' ').nth(1) != Some("200") {
        return Err(head.lines().next().unwrap_or_default().to_owned());
    }
    serde_json::from_str(body).map_err(|error| error.to_string())
}

/// A plain GET of `/varz`; HTTP/1.0, so that the body comes in one piece and ends with the connection.
async fn get(url: &str) -> Result<String, String> {
    let host = url.strip_prefix("http://").ok_or("the address has to begin with http://")?.trim_end_matches('/');
    let mut stream = tokio::net::TcpStream::connect(host).await.map_err(|error| error.to_string())?;
    let request = format!("GET /varz HTTP/1.0\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = String::new();
    stream.take(ANSWER_LIMIT).read_to_string(&mut answer).await.map_err(|error| error.to_string())?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_durable_profile_takes_only_what_is_known_to_be_strict() {
        let durable = |policy| verdict(&policy, Profile::Durable, 3);
        assert!(durable(Policy::Always(3)).is_ok());
        assert!(durable(Policy::Always(2)).unwrap_err().to_string().contains("--nats-monitor-url"));
        for weak in [Policy::Weak("n1".into()), Policy::Unknown("silence".into())] {
            let error = durable(weak).unwrap_err();
            assert!(matches!(&error, LogError::Unfit(text) if text.contains("sync_interval: always")), "{error}");
        }
    }

    #[test]
    fn a_developer_is_only_warned() {
        let warned = |policy| verdict(&policy, Profile::Development, 1).unwrap().is_some();
        assert!(warned(Policy::Weak("n1".into())) && warned(Policy::Unknown("silence".into())));
        assert!(!warned(Policy::Always(1)));
    }
}
