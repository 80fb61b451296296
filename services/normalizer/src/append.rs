//! Appending many records in order, for as long as it takes.

use std::time::Duration;

use hookwheel_log::{Append, Log, LogError, Outcome};
use tokio_util::sync::CancellationToken;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why a step was left unfinished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Halt {
    /// The process is to stop and the log has not come back.
    #[error("stopping while the log is away")]
    Stopped,
    /// The log refuses the whole, and only an operator can change that.
    #[error(transparent)]
    Refused(LogError),
}

/// Appends records of one stream in order and says how each ended. What the log cannot take now is tried again, the
/// same record under the same id, until it is taken or `stop` comes: a delivery must not use up its tries because the
/// log is away. An error in the answer is one that trying again does not heal.
pub(crate) async fn append_all(
    log: &dyn Log,
    records: Vec<Append>,
    stop: &CancellationToken,
) -> Result<Vec<Result<Outcome, LogError>>, Halt> {
    let mut ended: Vec<Option<Result<Outcome, LogError>>> = records.iter().map(|_| None).collect();
    let mut pause = Pause::default();
    loop {
        let open: Vec<usize> = (0..records.len()).filter(|&at| ended[at].is_none()).collect();
        if open.is_empty() {
            return Ok(ended.into_iter().flatten().collect());
        }
        let away = match log.append_batch(open.iter().map(|&at| records[at].clone()).collect()).await {
            Ok(results) => settle(&mut ended, &open, results),
            Err(cause) if cause.is_transient() => Some(cause),
            Err(cause) => return Err(Halt::Refused(cause)),
        };
        if let Some(cause) = away
            && !pause.wait(&cause, stop).await
        {
            return Err(Halt::Stopped);
        }
    }
}

/// Notes what has ended, and returns one of the reasons why something has not.
fn settle(
    ended: &mut [Option<Result<Outcome, LogError>>],
    open: &[usize],
    results: Vec<Result<Outcome, LogError>>,
) -> Option<LogError> {
    let mut away = None;
    for (&at, result) in open.iter().zip(results) {
        match result {
            Err(cause) if cause.is_transient() => away = Some(cause),
            result => ended[at] = Some(result),
        }
    }
    away
}

/// Growing pauses while the log is away.
pub(crate) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(FIRST_PAUSE)
    }
}

impl Pause {
    /// Waits a little longer than the last time; false when it is time to stop instead.
    pub async fn wait(&mut self, cause: &LogError, stop: &CancellationToken) -> bool {
        tracing::warn!(%cause, "waiting for the log: {cause}");
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        tokio::select! {
            () = stop.cancelled() => false,
            () = tokio::time::sleep(pause) => true,
        }
    }
}
