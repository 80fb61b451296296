//! What is elsewhere: the broker and the database, when they are named.

use hookwheel_log::jetstream::{self, JetStream};
use hookwheel_log::{Log as _, LogError};
use hookwheel_proto::topology::{self, Keep};
use hookwheel_store::postgres::{Postgres, PostgresOptions};
use hookwheel_store::{Store as _, StoreError};

use super::Finding;
use crate::exit::chain;

/// Servers of a production set-up.
#[derive(Debug, clap::Args)]
pub struct Servers {
    #[command(flatten)]
    broker: jetstream::Options,
    #[command(flatten)]
    database: PostgresOptions,
    /// Examine the broker and the database, even if no variable names them
    #[arg(long = "servers")]
    all: bool,
}

impl Servers {
    pub(super) async fn examine(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.all || is_set(&["HOOKWHEEL_NATS_URL"]) {
            findings.push(self.broker().await);
        }
        if self.all || is_set(&["HOOKWHEEL_DATABASE_URL", "HOOKWHEEL_DATABASE_URL_FILE"]) {
            findings.push(self.database().await);
        }
        findings
    }

    async fn broker(&self) -> Finding {
        let servers = self.broker.addresses();
        let log = match JetStream::connect(self.broker.clone(), topology::layout(Keep::default())).await {
            Ok(log) => log,
            Err(error) => {
                let fix = "nats-server -js -c nats.conf   # with jetstream { sync_interval: always }";
                return Finding::missing("broker", format!("{servers}: {}", chain(&error)), fix);
            }
        };
        match log.check().await {
            Ok(()) => Finding::fine("broker", format!("{servers} is provisioned and durable enough")),
            Err(LogError::Unfit(why)) => unfit("broker", &why),
            Err(error) => Finding::missing("broker", format!("{servers}: {}", chain(&error)), "hookwheel provision"),
        }
    }

    async fn database(&self) -> Finding {
        let examined = async { Postgres::connect(&self.database).await?.webhooks().await };
        match examined.await {
            Ok(_) => Finding::fine("database", "reachable, with tables"),
            Err(error) if error.is_transient() => {
                let fix = "start Postgres, then check HOOKWHEEL_DATABASE_URL_FILE";
                Finding::missing("database", chain(&error), fix)
            }
            Err(StoreError::Unfit(why)) => unfit("database", &why),
            Err(error) => Finding::missing("database", chain(&error), "hookwheel migrate"),
        }
    }
}

/// The text of an unfit server ends in its remedy.
fn unfit(what: &'static str, why: &str) -> Finding {
    let (detail, fix) = why.rsplit_once("; ").or_else(|| why.split_once(": ")).unwrap_or((why, "hookwheel provision"));
    let line = fix.strip_prefix("run `").and_then(|fix| fix.strip_suffix('`'));
    Finding::missing(what, detail, line.unwrap_or(fix))
}

fn is_set(names: &[&str]) -> bool {
    names.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
