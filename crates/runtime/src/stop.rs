//! Stopping: the first signal asks for a drain, the second exits at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell reports for a process that was interrupted.
const INTERRUPTED: i32 = 130;

/// A token that is cancelled at SIGTERM or SIGINT. A second signal exits with status 130 at once. Call it inside a
/// Tokio runtime.
pub fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(terminate), Ok(interrupt)) => {
            tokio::spawn(listen(terminate, interrupt, stop.clone()));
        }
        (Err(cause), _) | (_, Err(cause)) => {
            tracing::error!(%cause, "signals cannot be heard; this process ends only when killed");
        }
    }
    stop
}

async fn listen(mut terminate: Signal, mut interrupt: Signal, stop: CancellationToken) {
    let mut next = async || {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    };
    let first = next().await;
    tracing::info!(signal = first, "draining after {first}; a second signal exits at once");
    stop.cancel();
    let second = next().await;
    tracing::warn!(signal = second, "exiting at once after a second signal");
    std::process::exit(INTERRUPTED);
}
