//! Every call ends: with an answer, or at its deadline as a transient error (S9).

use std::future::Future;
use std::time::Duration;

use crate::StoreError;

/// How long a call may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// Of reads and batches.
    pub(crate) call: Duration,
}

impl Deadlines {
    /// Of what walks over whole tables: migrate, reset, prune, fingerprint.
    pub(crate) fn walk(self) -> Duration {
        self.call.saturating_mul(WALK_FACTOR)
    }

    /// Of waiting for a lock: shorter than the call, so that the engine's own word comes first.
    pub(crate) fn lock(self) -> Duration {
        self.call.mul_f64(0.8)
    }
}

const WALK_FACTOR: u32 = 60;

/// The call, or a transient error once `limit` has passed.
pub(crate) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer,
        Err(_) => Err(StoreError::Unavailable(format!("no answer within {limit:?}").into())),
    }
}
