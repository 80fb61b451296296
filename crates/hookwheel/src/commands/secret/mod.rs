//! `hookwheel secret`: a webhook's sealed secret, version by version. Works on the file beside the configuration;
//! a running `up` follows it, `apply` takes it to JetStream.

mod change;
mod fresh;
mod given;
mod list;

use std::time::Duration;

use hookwheel_runtime::settings::units;

use crate::config::ConfigArgs;
use crate::exit::Failure;
use crate::output::OutputArgs;

/// Looks after sealed webhook secrets: makes, takes, rotates, lists and revokes their versions
#[derive(Debug, clap::Args)]
pub struct Secret {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Makes a new secret, seals it and shows it once, on stdout
    Generate(Add),
    /// Takes a secret from stdin, byte for byte, and seals it
    Set(Add),
    /// Makes the next version current; the one before it is accepted for a while
    Rotate(Rotate),
    /// Lists the versions, never their values
    List(List),
    /// Forgets a version at once
    Revoke(Revoke),
    /// Seals everything under the first master key, so that the other keys can go
    Reseal(Reseal),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The webhook's slug
    webhook: String,
    #[command(flatten)]
    config: ConfigArgs,
    /// Accepted at once, current after `secret rotate`; so senders can be switched before. The default when there is a current version
    #[arg(long)]
    next: bool,
    /// Current at once. The default when there is no current version
    #[arg(long, conflicts_with = "next")]
    current: bool,
    /// How long the version that was current is still accepted
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = keep)]
    keep_previous: Duration,
}

#[derive(Debug, clap::Args)]
struct Rotate {
    /// The webhook's slug
    webhook: String,
    #[command(flatten)]
    config: ConfigArgs,
    /// How long the version that was current is still accepted
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = keep)]
    keep_previous: Duration,
}

#[derive(Debug, clap::Args)]
struct List {
    /// Only this webhook
    webhook: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    /// The webhook's slug
    webhook: String,
    /// The version's number, as `secret list` shows it
    version: u32,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, clap::Args)]
struct Reseal {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the command.
pub fn run(command: &Secret) -> Result<(), Failure> {
    match &command.action {
        Action::Generate(add) => change::generate(add),
        Action::Set(add) => change::set(add),
        Action::Rotate(rotate) => change::rotate(rotate),
        Action::List(list) => list::run(list),
        Action::Revoke(revoke) => change::revoke(revoke),
        Action::Reseal(reseal) => change::reseal(reseal),
    }
}

/// Up to a year.
fn keep(text: &str) -> Result<Duration, String> {
    let most = Duration::from_secs(365 * 24 * 3600);
    let read = units::duration(text).filter(|duration| *duration <= most);
    read.ok_or_else(|| "a duration up to 365d, such as 24h or 0s".to_owned())
}
