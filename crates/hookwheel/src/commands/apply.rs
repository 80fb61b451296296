//! `hookwheel apply`: puts the configuration on JetStream, where every service finds it.

use std::sync::Arc;

use hookwheel_log::jetstream::{self, JetStream};
use hookwheel_log::{Log, LogError};
use hookwheel_proto::topology::{self, Keep};

use super::check;
use super::provision::{self, Patience};
use crate::apply::{self, Applied};
use crate::config::ConfigArgs;
use crate::exit::Failure;
use crate::output::{self, Format, OutputArgs};

/// Makes JetStream hold exactly the webhooks of hookwheel.toml
#[derive(Debug, clap::Args)]
pub struct Apply {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    broker: jetstream::Options,
    #[command(flatten)]
    patience: Patience,
    /// Take a configuration without webhooks, which removes all there are
    #[arg(long)]
    allow_empty: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command.
pub async fn run(command: Apply) -> Result<(), Failure> {
    let configuration = command.config.load()?;
    check::warn(&configuration);
    if configuration.snapshots.is_empty() && !command.allow_empty {
        return Err(Failure::usage("this would remove every webhook").remedy("if that is meant, add --allow-empty"));
    }
    let attempt = || async {
        let log = JetStream::connect(command.broker.clone(), topology::layout(Keep::default())).await?;
        let log: Arc<dyn Log> = Arc::new(log);
        log.check().await?;
        apply::apply(&log, &configuration.snapshots, &configuration.sealed).await
    };
    let applied: Result<Applied, LogError> = command.patience.until(provision::is_transient, attempt).await;
    let applied = applied.map_err(|error| provision::explain(error, &command.broker))?;
    match command.output.format() {
        Format::Table => print(&applied),
        format => output::print_json(format, &applied),
    }
    Ok(())
}

fn print(applied: &Applied) {
    let lists = [
        ("added", &applied.added),
        ("changed", &applied.changed),
        ("unchanged", &applied.unchanged),
        ("removed", &applied.removed),
        ("secrets", &applied.secrets),
    ];
    for (what, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
        output::print(format!("{what:<10} {}", names.join(", ")));
    }
}
