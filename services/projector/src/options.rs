//! What an operator can set.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Where the API listens, and who may ask.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[group(id = "projector")]
pub struct Options {
    /// Address of the API and the inspector. Beyond loopback it needs API keys.
    #[arg(long, env = "HOOKWHEEL_PROJECTOR_LISTEN", default_value_t = Options::default().listen)]
    pub listen: SocketAddr,

    /// Files with API keys, one `name: sha256` a line (hex, over the whole `hwk_<id>_<secret>`).
    #[arg(long = "api-keys", env = "HOOKWHEEL_PROJECTOR_API_KEYS", value_delimiter = ',')]
    pub api_keys: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)), api_keys: vec![] }
    }
}
