//! What an operator can set.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use hookwheel_core::network::Network;

use crate::clock::Clock;
use crate::hooks::KeyOptions;
use crate::intake::BodyPatience;
use crate::wire::Patience;

/// How this replica listens and how patient it is. Durations are whole seconds.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Where deliveries are taken. Port 0 takes a free one.
    #[arg(long, env = "HOOKWHEEL_INGRESS_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,
    /// Most connections at once; more wait in the kernel's queue.
    #[arg(long, env = "HOOKWHEEL_INGRESS_MAX_CONNECTIONS", default_value_t = 10_000)]
    pub max_connections: usize,
    /// Most bytes of bodies being received or not yet stored, all requests together; more are answered 503.
    #[arg(long, env = "HOOKWHEEL_INGRESS_MAX_BODY_MEMORY", default_value_t = 256 * 1024 * 1024)]
    pub max_body_memory: u64,
    /// From a connection, or from a head's first byte, to the end of the head.
    #[arg(long, env = "HOOKWHEEL_INGRESS_HEAD_TIMEOUT", default_value = "5", value_parser = seconds)]
    pub head_timeout: Duration,
    /// Between two requests of one connection. Keep it well above the append timeout.
    #[arg(long, env = "HOOKWHEEL_INGRESS_KEEP_ALIVE", default_value = "30", value_parser = seconds)]
    pub keep_alive: Duration,
    /// Between two pieces of a body.
    #[arg(long, env = "HOOKWHEEL_INGRESS_BODY_IDLE_TIMEOUT", default_value = "5", value_parser = seconds)]
    pub body_idle_timeout: Duration,
    /// For a whole body.
    #[arg(long, env = "HOOKWHEEL_INGRESS_BODY_TIMEOUT", default_value = "30", value_parser = seconds)]
    pub body_timeout: Duration,
    /// For storing one delivery, all tries together; then its sender is answered 503.
    #[arg(long, env = "HOOKWHEEL_INGRESS_APPEND_TIMEOUT", default_value = "12", value_parser = seconds)]
    pub append_timeout: Duration,
    /// How long running requests may take to end after a stop was asked for.
    #[arg(long, env = "HOOKWHEEL_INGRESS_DRAIN_TIMEOUT", default_value = "20", value_parser = seconds)]
    pub drain_timeout: Duration,
    /// Addresses and ranges of the proxies in front; behind them the sender is the right-most hop of `X-Forwarded-For` that is
    /// none of them. Without any the header is ignored.
    #[arg(long, env = "HOOKWHEEL_INGRESS_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<Network>,
    /// Failed authentications of one source (a /24, a /48) within ten seconds before it is slowed down.
    #[arg(long, env = "HOOKWHEEL_INGRESS_FLOOD_FAILURES", default_value_t = 1_000)]
    pub flood_failures: u32,
    /// Where the keys of sealed secrets are.
    #[command(flatten)]
    pub keys: KeyOptions,
    /// For tests; never from outside.
    #[arg(skip)]
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8080)),
            max_connections: 10_000,
            max_body_memory: 256 * 1024 * 1024,
            head_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(30),
            body_idle_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(30),
            append_timeout: Duration::from_secs(12),
            drain_timeout: Duration::from_secs(20),
            trusted_proxies: Vec::new(),
            flood_failures: 1_000,
            keys: KeyOptions::default(),
            clock: Clock::default(),
        }
    }
}

impl Options {
    pub(crate) fn patience(&self) -> BodyPatience {
        BodyPatience { idle: self.body_idle_timeout, total: self.body_timeout }
    }

    pub(crate) fn connection_patience(&self) -> Patience {
        Patience { head: self.head_timeout, idle: self.keep_alive }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.strip_suffix('s').unwrap_or(text);
    seconds.parse().map(Duration::from_secs).map_err(|_| "a whole number of seconds, such as 5 or 5s".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_defaults_of_the_command_line_are_the_defaults() {
        let parsed = Line::parse_from(["ingress"]).options;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Options::default()));
    }
}
