//! How long to wait after a failure.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

/// Doubles the wait from failure to failure.
pub(super) struct Patience(Duration);

impl Patience {
    pub(super) fn new() -> Self {
        Self(FIRST)
    }

    /// Things went well: the next failure waits shortly again.
    pub(super) fn renew(&mut self) {
        self.0 = FIRST;
    }

    /// Waits, or returns at once at `stop`.
    pub(super) async fn wait(&mut self, stop: &CancellationToken) {
        tokio::select! {
            () = tokio::time::sleep(self.0) => {}
            () = stop.cancelled() => {}
        }
        self.0 = (self.0 * 2).min(LONGEST);
    }
}
