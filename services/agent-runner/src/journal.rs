//! A run's journal on the log: read once, then appended to by its single writer.

use std::time::Duration;

use hookwheel_core::ids::RunId;
use hookwheel_core::journal::{Entry, RunState, What, fold};
use hookwheel_core::time::Timestamp;
use hookwheel_log::{Log, LogError, Outcome, Seq, SubjectFilter};
use hookwheel_proto::{Fact, decode, record, topology};
use hookwheel_runtime::trace;

const PAGE: usize = 256;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A journal as this worker knows it.
pub(crate) struct Journal {
    pub run: RunId,
    /// `None` before the first entry.
    pub state: Option<RunState>,
    /// Why the entries make no sense, if they do not.
    pub broken: Option<String>,
    /// Position of the last entry.
    last: Seq,
    /// Number and epoch of the last entry.
    n: u32,
    epoch: u32,
    /// Makes record ids this worker's own, so that an entry of another one with the same number is never taken for a
    /// retried one of ours.
    writer: String,
}

/// Why an append did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Halt {
    /// Somebody else wrote: this worker does not own the run. It must do nothing more.
    #[error("another worker has taken the run")]
    Lost,
    /// The log refuses for good.
    #[error("failed to use the run's journal")]
    Log(#[from] LogError),
}

impl Journal {
    /// Reads all there is.
    pub async fn read(log: &dyn Log, run: &RunId, writer: String) -> Result<Self, LogError> {
        let filter = SubjectFilter::Exactly(topology::run_subject(run));
        let mut journal = Self { run: run.clone(), state: None, broken: None, last: 0, n: 0, epoch: 0, writer };
        loop {
            let page = log.read(topology::RUNS, &filter, journal.last + 1, PAGE).await?;
            for stored in &page {
                journal.last = stored.seq;
                match decode(stored) {
                    Ok(Fact::RunEntry(entry)) => journal.take(&entry),
                    Ok(_) => journal.misfit("a record of another kind is in it"),
                    Err(cause) => journal.misfit(&cause.to_string()),
                }
            }
            if page.len() < PAGE {
                return Ok(journal);
            }
        }
    }

    fn take(&mut self, entry: &Entry) {
        (self.n, self.epoch) = (entry.n, entry.epoch.max(self.epoch));
        if self.broken.is_some() {
            return;
        }
        match fold(self.state.take(), entry) {
            Ok(state) => self.state = Some(state),
            Err(cause) => self.broken = Some(cause.to_string()),
        }
    }

    fn misfit(&mut self, why: &str) {
        self.n += 1;
        self.broken.get_or_insert_with(|| why.to_owned());
    }

    /// Whether nobody has ever begun this run.
    pub fn is_new(&self) -> bool {
        self.state.is_none() && self.broken.is_none()
    }

    /// Position of the last entry.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// This worker's own mark.
    pub fn writer(&self) -> &str {
        &self.writer
    }

    /// The number of claims so far.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Appends what happened and returns once it is on disk. A log that is away is asked again with the very same record
    /// for as long as it takes: nothing may happen after an entry that nobody can read.
    pub async fn append(&mut self, log: &dyn Log, what: What, at: Timestamp) -> Result<(), Halt> {
        let epoch = self.epoch + u32::from(matches!(what, What::Claimed { .. }));
        let traceparent = trace::current_traceparent();
        let entry = Entry { run: self.run.clone(), n: self.n + 1, epoch, at, traceparent, what };
        let mut record = record::run_entry(&entry, self.last);
        record.id = format!("{}:{}", record.id, self.writer);
        let mut pause = FIRST_PAUSE;
        loop {
            match log.append(record.clone()).await {
                Ok(Outcome::Stored(seq) | Outcome::AlreadyThere(seq)) => {
                    self.last = seq;
                    self.take(&entry);
                    return Ok(());
                }
                Ok(Outcome::Conflict(_)) => return Err(Halt::Lost),
                Err(cause) if cause.is_transient() => {
                    tracing::warn!(%cause, run.id = %self.run, "an entry of run {} is not on disk yet: {cause}", self.run);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(cause) => return Err(cause.into()),
            }
        }
    }
}
