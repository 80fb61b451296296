//! Tells the log that a worker is alive, for as long as it gets on with its work. A wedged worker loses its claim.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::lease::Lease;

pub(crate) struct Heartbeat {
    expected: Arc<Mutex<Instant>>,
    task: JoinHandle<()>,
}

impl Heartbeat {
    /// Beats for the wake and the session's lease until this is dropped, or until nothing happened for too long.
    pub fn start(wake: Arc<dyn hookwheel_log::Lease>, session: Arc<Lease>, every: Duration, first: Duration) -> Self {
        let expected = Arc::new(Mutex::new(Instant::now() + first));
        let watched = Arc::clone(&expected);
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                if Instant::now() > *watched.lock().unwrap_or_else(PoisonError::into_inner) {
                    tracing::warn!("a worker has made no progress within its deadline; its run is left to others");
                    return;
                }
                // Both are hints: a lost one means that another worker looks, and loses the append.
                let _ = tokio::join!(wake.progress(), session.renew());
            }
        });
        Self { expected, task }
    }

    /// The worker will be heard of again within this time.
    pub fn expect(&self, within: Duration) {
        *self.expected.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + within;
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.task.abort();
    }
}
