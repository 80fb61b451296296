//! Follows one stream from the tables' checkpoint on, batch by batch.

use std::time::{Duration, Instant};

use hookwheel_log::{LogError, Seq, Stored, StreamInfo, SubjectFilter, Tail};
use hookwheel_runtime::failpoint;
use hookwheel_store::{Applied, Batch, StoreError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::change::changes;
use super::patience::Patience;
use super::progress::{self, Rebuilding};
use crate::Ports;

/// Most records of one batch.
const BATCH: usize = 250;
/// How often a follower looks whether it still stands where the tables and the stream do.
const LOOK: Duration = Duration::from_secs(2);
/// How often a follower without the lease looks whether whoever has it is at work.
const STANDBY: Duration = Duration::from_secs(1);

/// Follows one stream.
pub(crate) struct Follower {
    ports: Ports,
    stream: &'static str,
    lead: watch::Receiver<bool>,
    rebuilding: Rebuilding,
}

/// Why folding has stopped for now.
#[derive(Debug, thiserror::Error)]
enum Halt {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the log ends at {last} but the tables hold {applied}: the log was set back; \
         restore it, or run `hookwheel projector rebuild`"
    )]
    SetBack { last: Seq, applied: Seq },
}

impl Halt {
    /// Whether time alone may heal it.
    fn is_transient(&self) -> bool {
        match self {
            Self::Log(cause) => cause.is_transient(),
            Self::Store(cause) => cause.is_transient(),
            Self::SetBack { .. } => false,
        }
    }
}

/// Where a pass stands.
struct Position {
    incarnation: String,
    /// The last position in the tables.
    applied: Seq,
    /// Up to here the pass rebuilds, if it began at the start of a stream that has records.
    rebuild_to: Seq,
    /// How many positions aged out of the stream before they were folded.
    lost: u64,
}

impl Position {
    fn is_rebuilding(&self) -> bool {
        self.applied < self.rebuild_to
    }
}

impl Follower {
    pub(crate) fn new(ports: Ports, stream: &'static str, lead: watch::Receiver<bool>, rebuilding: Rebuilding) -> Self {
        let follower = Self { ports, stream, lead, rebuilding };
        follower.ready(Err(format!("{stream} is not being folded yet")));
        follower
    }

    /// Folds until `stop`. Whatever goes wrong is said in the readiness and tried again.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut patience = Patience::new();
        let mut said = String::new();
        while !stop.is_cancelled() {
            match self.turn(&stop, &mut patience).await {
                Ok(()) => said.clear(),
                Err(halt) => {
                    self.report(&halt, &mut said);
                    patience.wait(&stop).await;
                }
            }
        }
    }

    async fn turn(&mut self, stop: &CancellationToken, patience: &mut Patience) -> Result<(), Halt> {
        self.wait_for_turn(stop).await?;
        if stop.is_cancelled() { Ok(()) } else { self.pass(stop, patience).await }
    }

    /// Goes on from the checkpoint until `stop`, or until the checkpoint is to be read again.
    async fn pass(&self, stop: &CancellationToken, patience: &mut Patience) -> Result<(), Halt> {
        let mut position = self.position().await?;
        let mut tail = self.ports.log.tail(self.stream, &SubjectFilter::All, position.applied + 1).await?;
        self.announce(&position);
        let mut looked = Instant::now();
        loop {
            let Some(records) = next(&mut *tail, stop).await? else { return Ok(()) };
            patience.renew();
            if records.is_empty() || looked.elapsed() >= LOOK {
                if self.has_moved(&position).await? {
                    return Ok(());
                }
                looked = Instant::now();
            }
            if records.is_empty() && !*self.lead.borrow() {
                return Ok(());
            }
            if !self.fold(&records, &mut position).await? {
                return Ok(());
            }
            self.rebuilding.set(self.stream, position.is_rebuilding());
        }
    }

    fn announce(&self, position: &Position) {
        self.ready(Ok(()));
        self.rebuilding.set(self.stream, position.is_rebuilding());
        let (stream, lost) = (self.stream, position.lost);
        if lost > 0 {
            tracing::warn!(
                stream,
                lost,
                "{lost} positions of {stream} aged out before they were folded; rows are missing"
            );
        }
    }

    /// Whether the batch is in the tables now; if not, somebody else moved the checkpoint.
    async fn fold(&self, records: &[Stored], position: &mut Position) -> Result<bool, Halt> {
        let Some(upto) = records.last().map(|record| record.seq) else { return Ok(true) };
        let batch = Batch {
            stream: self.stream.to_owned(),
            incarnation: position.incarnation.clone(),
            after: position.applied,
            changes: changes(records),
            upto,
        };
        let begun = Instant::now();
        failpoint::hit("projector.before_apply");
        let applied = self.ports.store.apply(batch).await?;
        failpoint::hit("projector.after_apply");
        let Applied::New(new) = applied else { return Ok(false) };
        progress::applied(records, new, begun.elapsed(), position.is_rebuilding());
        position.applied = upto;
        Ok(true)
    }

    /// Where the tables stand in the stream, after checking that they belong together.
    async fn position(&self) -> Result<Position, Halt> {
        let StreamInfo { incarnation, first, last } = self.ports.log.stream(self.stream).await?;
        let Some(checkpoint) = self.ports.store.checkpoint(self.stream).await? else {
            return Ok(Position { incarnation, applied: 0, rebuild_to: last, lost: 0 });
        };
        if checkpoint.incarnation != incarnation {
            return Err(StoreError::OtherIncarnation { stream: self.stream.to_owned() }.into());
        }
        if checkpoint.seq > last {
            return Err(Halt::SetBack { last, applied: checkpoint.seq });
        }
        Ok(Position {
            incarnation,
            applied: checkpoint.seq,
            rebuild_to: 0,
            lost: first.saturating_sub(checkpoint.seq + 1),
        })
    }

    /// Whether the tables were reset, or another stream took this one's place, behind our back.
    async fn has_moved(&self, position: &Position) -> Result<bool, Halt> {
        let stream = self.ports.log.stream(self.stream).await?;
        let checkpoint = self.ports.store.checkpoint(self.stream).await?;
        let applied = checkpoint.map_or(0, |checkpoint| checkpoint.seq);
        Ok(stream.incarnation != position.incarnation || applied != position.applied)
    }

    /// Returns when this follower should work: it has the lease, or whoever has it stands still with work before it.
    async fn wait_for_turn(&mut self, stop: &CancellationToken) -> Result<(), Halt> {
        let mut seen = None;
        while !*self.lead.borrow_and_update() && !stop.is_cancelled() {
            let position = self.position().await?;
            let last = self.ports.log.stream(self.stream).await?.last;
            if position.applied < last && seen == Some(position.applied) {
                return Ok(());
            }
            self.ready(Ok(()));
            seen = Some(position.applied);
            tokio::select! {
                changed = self.lead.changed() => if changed.is_err() { return Ok(()) },
                () = tokio::time::sleep(STANDBY) => {}
                () = stop.cancelled() => {}
            }
        }
        Ok(())
    }

    fn report(&self, halt: &Halt, said: &mut String) {
        let (stream, why) = (self.stream, halt.to_string());
        self.ready(Err(format!("{stream} is not being folded: {why}")));
        if *said == why {
            return;
        }
        match halt.is_transient() {
            true => tracing::warn!(stream, "folding {stream} pauses: {why}"),
            false => tracing::error!(stream, "folding {stream} has stopped: {why}"),
        }
        *said = why;
    }

    fn ready(&self, state: Result<(), String>) {
        self.ports.readiness.set(&format!("projector.{}", self.stream), state);
    }
}

/// The next records, none after a while without any; `None` at `stop`.
async fn next(tail: &mut dyn Tail, stop: &CancellationToken) -> Result<Option<Vec<Stored>>, LogError> {
    tokio::select! {
        records = tail.next(BATCH, LOOK) => records.map(Some),
        () = stop.cancelled() => Ok(None),
    }
}
