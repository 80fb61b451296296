//! Where the broker is, who we are to it, and how durable it has to be.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How to reach the broker. Secrets come from files, never from arguments or the environment.
#[derive(Clone, Args)]
#[group(id = "nats")]
pub struct Options {
    /// The broker's servers, such as nats://127.0.0.1:4222; several are joined by commas
    #[arg(
        long = "nats-url",
        env = "HOOKWHEEL_NATS_URL",
        value_delimiter = ',',
        default_value = "nats://127.0.0.1:4222",
        hide_env_values = true
    )]
    pub servers: Vec<String>,
    /// A credentials file (JWT and seed)
    #[arg(long = "nats-creds-file", env = "HOOKWHEEL_NATS_CREDS_FILE", conflicts_with = "user")]
    pub creds_file: Option<PathBuf>,
    /// The user's name, with --nats-password-file
    #[arg(long = "nats-user", env = "HOOKWHEEL_NATS_USER", requires = "password_file")]
    pub user: Option<String>,
    /// A file that holds the user's password; one line break at its end is ignored
    #[arg(long = "nats-password-file", env = "HOOKWHEEL_NATS_PASSWORD_FILE", requires = "user")]
    pub password_file: Option<PathBuf>,
    /// A file of certificates (PEM) that sign the servers' own; turns TLS on
    #[arg(long = "nats-ca-file", env = "HOOKWHEEL_NATS_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Every server's monitoring address, such as http://nats-0:8222, to check that it syncs before it acknowledges
    #[arg(long = "nats-monitor-url", env = "HOOKWHEEL_NATS_MONITOR_URL", value_delimiter = ',')]
    pub monitor_urls: Vec<String>,
    /// What the broker must promise: `durable` refuses to start on less
    #[arg(
        id = "nats-profile",
        long = "nats-profile",
        env = "HOOKWHEEL_NATS_PROFILE",
        value_enum,
        default_value = "development"
    )]
    pub profile: Profile,
    /// Copies of every stream, 1 to 5; 1 when developing and 3 when durable unless given
    #[arg(long = "nats-replicas", env = "HOOKWHEEL_NATS_REPLICAS", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub replicas: Option<u8>,
}

/// How durable the broker has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// One server will do; a weak or unknown sync policy is only a warning.
    Development,
    /// Every acknowledged record is synced to disk on a majority of the replicas, and that has been checked.
    Durable,
}

impl Options {
    /// A broker on one address, with nothing else said.
    pub fn at(url: &str) -> Self {
        Self {
            servers: url.split(',').map(str::to_owned).collect(),
            creds_file: None,
            user: None,
            password_file: None,
            ca_file: None,
            monitor_urls: Vec::new(),
            profile: Profile::Development,
            replicas: None,
        }
    }

    /// Copies of every stream.
    pub fn replicas(&self) -> usize {
        match (self.replicas, self.profile) {
            (Some(replicas), _) => replicas.into(),
            (None, Profile::Development) => 1,
            (None, Profile::Durable) => 3,
        }
    }

    /// The servers' addresses, fit for a log line or an error.
    pub fn addresses(&self) -> String {
        self.servers.iter().map(|url| bare(url)).collect::<Vec<_>>().join(", ")
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::at("nats://127.0.0.1:4222")
    }
}

/// The address without a user or password that somebody may have put in.
pub(super) fn bare(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.into(),
        (_, None) => url.into(),
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("servers", &self.addresses())
            .field("profile", &self.profile)
            .field("replicas", &self.replicas())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_never_shown() {
        let options = Options::at("nats://me:pa@ss@broker:4222,plain@other:4222,nats://third:4222");
        assert_eq!(options.addresses(), "nats://broker:4222, other:4222, nats://third:4222");
        assert!(!format!("{options:?}").contains("pa@ss"));
    }

    #[test]
    fn the_arguments_are_sound_and_their_defaults_are_the_default() {
        let parsed = Options::augment_args(clap::Command::new("test")).try_get_matches_from(["test"]).unwrap();
        let parsed = <Options as clap::FromArgMatches>::from_arg_matches(&parsed).unwrap();
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Options::default()));
        Options::augment_args(clap::Command::new("test")).debug_assert();
    }

    #[test]
    fn the_durable_profile_asks_for_three_replicas() {
        let durable = Options { profile: Profile::Durable, ..Options::at("nats://broker") };
        assert_eq!((durable.replicas(), Options { replicas: Some(5), ..durable }.replicas()), (3, 5));
    }
}
