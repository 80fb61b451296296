//! `hookwheel up`: all services in this process, on an embedded log, with the configuration followed as it changes.

use std::sync::Arc;
use std::time::Duration;

use hookwheel_log::Log;
use hookwheel_runtime::stop::stop_on_signal;
use hookwheel_runtime::telemetry::{self, TelemetryOptions};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::check;
use crate::apply;
use crate::config::{ConfigArgs, Configuration, Fingerprint};
use crate::exit::{Failure, chain};
use crate::wheel::Wheel;

const LOOK: Duration = Duration::from_secs(1);
/// A configuration may outlive the log's age; its blobs are looked after this often.
const RENEW: Duration = Duration::from_secs(60);

/// Runs all services in this process: no broker and no database server needed
#[derive(Debug, clap::Args)]
pub struct Up {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the command until SIGTERM or Ctrl-C.
pub async fn run(command: Up) -> Result<(), Failure> {
    let configuration = command.config.load()?;
    check::warn(&configuration);
    let guard = telemetry::init("hookwheel", TelemetryOptions::from_env());
    let outcome = serve(&command.config, configuration, stop_on_signal()).await;
    guard.shutdown().await;
    outcome
}

async fn serve(config: &ConfigArgs, configuration: Configuration, stop: CancellationToken) -> Result<(), Failure> {
    let wheel = Wheel::start(&configuration).await?;
    wheel.announce(&configuration.snapshots);
    let follower = tokio::spawn(follow(config.clone(), configuration, Arc::clone(wheel.log()), stop.clone()));
    let outcome = wheel.run(stop).await;
    follower.abort();
    outcome
}

/// Applies the configuration again whenever its files change. A broken one changes nothing and says so.
async fn follow(config: ConfigArgs, mut current: Configuration, log: Arc<dyn Log>, stop: CancellationToken) {
    let mut files = Files { read: config.fingerprint(&current), last_look: None };
    let mut renew_at = Instant::now() + RENEW;
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        if files.have_changed(config.fingerprint(&current)) {
            reload(&config, &mut current);
        } else if Instant::now() < renew_at {
            continue;
        }
        renew_at = match apply::apply(&log, &current.snapshots, &current.sealed).await {
            Ok(applied) => {
                if applied.is_change() {
                    tracing::info!(?applied, "applied the changed configuration");
                }
                Instant::now() + RENEW
            }
            Err(error) => {
                tracing::error!("the configuration could not be applied, which is tried again: {}", chain(&error));
                Instant::now()
            }
        };
    }
}

/// Tells a finished change from one that is still being written.
struct Files {
    read: Fingerprint,
    last_look: Option<Fingerprint>,
}

impl Files {
    /// Whether the files differ from those that were read, and two looks have found them alike.
    fn have_changed(&mut self, found: Fingerprint) -> bool {
        let still = self.last_look.as_ref() == Some(&found);
        let changed = still && found != self.read;
        if changed {
            self.read = found.clone();
        }
        self.last_look = Some(found);
        changed
    }
}

fn reload(config: &ConfigArgs, current: &mut Configuration) {
    let next = match config.read() {
        Ok(next) => next,
        Err(mistakes) => {
            for mistake in &mistakes.0 {
                tracing::error!("{mistake}");
            }
            tracing::error!("the configuration on disk has mistakes; the one before it stays in force");
            return;
        }
    };
    if next.snapshots.is_empty() && !current.snapshots.is_empty() {
        tracing::error!(
            "the configuration on disk has no webhook any more; the one before it stays in force until a restart"
        );
        return;
    }
    if next.process != current.process {
        tracing::warn!("settings outside webhooks, agents and models have changed; they take effect at a restart");
    }
    for warning in &next.warnings {
        tracing::warn!("{warning}");
    }
    current.snapshots = next.snapshots;
    current.sealed = next.sealed;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_once_it_has_settled() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hookwheel.toml");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write("");
        let config = ConfigArgs::alone(&path);
        let current = config.read().unwrap();
        let mut files = Files { read: config.fingerprint(&current), last_look: None };
        let mut look = || files.have_changed(config.fingerprint(&current));

        assert!(!look() && !look(), "nothing has changed");
        write("# half");
        assert!(!look(), "it may still be being written");
        write("# half of it");
        assert!(!look(), "and it was");
        assert!(look(), "now it stands still");
        assert!(!look(), "and has been read");
    }
}
