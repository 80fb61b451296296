//! The admin port: `/metrics`, `/livez`, `/readyz`.

use std::net::SocketAddr;

use tokio_util::sync::CancellationToken;

use crate::metrics::MetricsHandle;
use crate::ready::Readiness;

/// A bound admin port.
pub struct Admin {
    /// Where it listens.
    pub address: SocketAddr,
}

impl Admin {
    /// Binds and serves until `stop`, and a moment longer so that `/readyz` can be seen at 503.
    pub async fn serve(
        address: SocketAddr,
        metrics: MetricsHandle,
        readiness: Readiness,
        stop: CancellationToken,
    ) -> std::io::Result<Self> {
        let _ = (address, metrics, readiness, stop);
        todo!()
    }
}
