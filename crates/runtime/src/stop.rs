//! Stopping: the first signal asks for a drain, the second exits at once.

use tokio_util::sync::CancellationToken;

/// A token that is cancelled at SIGTERM or SIGINT. A second signal exits with status 130 at once.
pub fn stop_on_signal() -> CancellationToken {
    todo!()
}
