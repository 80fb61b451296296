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
use crate::config::{ConfigArgs, Configuration};
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
    let wheel = Wheel::start(&configuration.process).await?;
    apply::apply(wheel.log(), &configuration.snapshots).await?;
    wheel.announce();
    let follower = tokio::spawn(follow(config.clone(), configuration, Arc::clone(wheel.log()), stop.clone()));
    let outcome = wheel.run(stop).await;
    follower.abort();
    outcome
}

/// Applies the configuration again whenever its files change. A broken one changes nothing and says so.
async fn follow(config: ConfigArgs, mut current: Configuration, log: Arc<dyn Log>, stop: CancellationToken) {
    let mut seen = config.fingerprint(&current);
    let mut renew_at = Instant::now() + RENEW;
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        let found = config.fingerprint(&current);
        if found != seen {
            seen = found;
            reload(&config, &mut current);
        } else if Instant::now() < renew_at {
            continue;
        }
        match apply::apply(&log, &current.snapshots).await {
            Ok(applied) if applied.is_change() => tracing::info!(?applied, "applied the changed configuration"),
            Ok(_) => {}
            Err(error) => {
                tracing::error!("the configuration could not be applied, which is tried again: {}", chain(&error));
                renew_at = Instant::now();
                continue;
            }
        }
        renew_at = Instant::now() + RENEW;
    }
}

fn reload(config: &ConfigArgs, current: &mut Configuration) {
    match config.read() {
        Ok(next) => {
            if next.process != current.process {
                tracing::warn!("settings outside webhooks, agents and models have changed; they take effect at a restart");
            }
            for warning in &next.warnings {
                tracing::warn!("{warning}");
            }
            current.snapshots = next.snapshots;
        }
        Err(mistakes) => {
            for mistake in &mistakes.0 {
                tracing::error!("{mistake}");
            }
            tracing::error!("the configuration on disk has mistakes; the one before it stays in force");
        }
    }
}
