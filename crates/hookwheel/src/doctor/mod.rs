//! Examinations of this machine and its servers, each with the line that fixes what it finds.

mod local;
mod remote;

pub use remote::Servers;

use serde::Serialize;

use crate::config::ConfigArgs;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Fine,
    /// It works and still deserves a look.
    Odd,
    /// Something will not work.
    Missing,
}

/// One thing that was examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it is.
    pub state: State,
    /// What was examined.
    pub what: &'static str,
    /// What was found.
    pub detail: String,
    /// The line that fixes it.
    pub fix: Option<String>,
}

impl Finding {
    fn fine(what: &'static str, detail: impl Into<String>) -> Self {
        Self { state: State::Fine, what, detail: detail.into(), fix: None }
    }

    fn odd(what: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Odd, what, detail: detail.into(), fix: Some(fix.into()) }
    }

    fn missing(what: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Missing, what, detail: detail.into(), fix: Some(fix.into()) }
    }
}

/// Examines everything that can be examined here. Servers are looked at only when they are named.
pub async fn examine(config: &ConfigArgs, servers: &Servers) -> Vec<Finding> {
    let mut findings = local::examine(config);
    findings.extend(servers.examine().await);
    findings
}
