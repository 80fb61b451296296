//! Threads for requests alone.
//!
//! A wake-up waits for all tasks that were ready before it. On shared threads an acknowledgement of the log would wait for a
//! hundred requests to be parsed and answered, and the next batch with it; so the log and everything else stay where
//! they were started, and connections are served here.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// As many as there are cores, or as `TOKIO_WORKER_THREADS` says. What still runs on them when this is dropped ends at
/// its next wait.
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    pub(crate) fn start() -> io::Result<Self> {
        Builder::new_multi_thread().thread_name("intake").enable_all().build().map(|runtime| Self(Some(runtime)))
    }

    /// Runs this here.
    pub(crate) fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        match &self.0 {
            Some(runtime) => runtime.spawn(work),
            None => tokio::spawn(work),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // An ordinary drop would block, which async code must not.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
