//! One limit as this process knows it: who waits for a token, and the ledger as it was written last.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hookwheel_core::Timestamp;
use hookwheel_core::limit::{Ledger, SPEND_WITHIN};
use hookwheel_log::{Bucket, BucketEntry, LogError, Revision, Swap};
use tokio::sync::oneshot;

/// How often a compare-and-set is tried before the caller hears that the log is busy.
const TRIES: u32 = 24;
/// A ledger that nobody touched for so long holds nothing that counts.
const KEPT: Duration = Duration::from_secs(3_600);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A token of this scope, or when there may be one.
pub(crate) type Answer = Result<Piece, Timestamp>;

/// One token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    /// Where it stands in the ledger.
    pub slot: i64,
    /// When the clock was read that it was granted by.
    pub since: Instant,
}

/// What time it is.
pub(crate) type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// The ledger of one key.
pub(crate) struct Scope {
    key: String,
    waiting: Mutex<Vec<oneshot::Sender<Answer>>>,
    /// One compare-and-set at a time; holds what the last one wrote.
    turn: tokio::sync::Mutex<Option<(Ledger, Revision)>>,
    /// Nothing is to be had before this time, microseconds.
    closed_until: AtomicI64,
}

impl Scope {
    pub fn new(key: String) -> Self {
        Self { key, waiting: Mutex::default(), turn: tokio::sync::Mutex::default(), closed_until: AtomicI64::new(0) }
    }

    /// When there may be tokens again, if it is known that there are none now.
    pub fn closed_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = Timestamp::from_micros(self.closed_until.load(Ordering::Relaxed));
        (now < until).then_some(until)
    }

    /// A token for the caller. Whoever has the turn asks for all that wait.
    pub async fn take(&self, bucket: &dyn Bucket, clock: &Clock, limit: u32) -> Result<Answer, LogError> {
        loop {
            let (answer, mut told) = oneshot::channel();
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
            let mut turn = self.turn.lock().await;
            if let Ok(answer) = told.try_recv() {
                return Ok(answer);
            }
            let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            self.serve(bucket, clock, limit, &mut turn, waiting).await?;
            // Nobody told us: whoever took our place in line was dropped, so we stand in line again.
            if let Ok(answer) = told.try_recv() {
                return Ok(answer);
            }
        }
    }

    async fn serve(
        &self,
        bucket: &dyn Bucket,
        clock: &Clock,
        limit: u32,
        known: &mut Option<(Ledger, Revision)>,
        waiting: Vec<oneshot::Sender<Answer>>,
    ) -> Result<(), LogError> {
        let waiting: Vec<_> = waiting.into_iter().filter(|one| !one.is_closed()).collect();
        let asked = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
        for attempt in 1..=TRIES {
            let (since, now) = (Instant::now(), clock());
            let before = self.read(bucket, known, now, limit).await?;
            let mut ledger = before.as_ref().map_or_else(Ledger::default, |(ledger, _)| ledger.clone());
            let grant = ledger.grant(now, asked, limit);
            let unchanged = before.as_ref().is_some_and(|(before, _)| *before == ledger);
            if !unchanged && !self.write(bucket, known, ledger, before.map(|(_, revision)| revision)).await? {
                pause(attempt, now).await;
                continue;
            }
            if grant.tokens > 0 && since.elapsed() >= SPEND_WITHIN {
                continue; // too late to be spent: these are lost, and the next try reads the clock anew
            }
            if let Some(more_at) = grant.more_at {
                self.closed_until.store(more_at.micros(), Ordering::Relaxed);
            }
            let granted = grant.tokens as usize;
            for (place, one) in waiting.into_iter().enumerate() {
                let answer = match grant.more_at {
                    Some(more_at) if place >= granted => Err(more_at),
                    _ => Ok(Piece { slot: grant.slot, since }),
                };
                let _ = one.send(answer);
            }
            return Ok(());
        }
        Err(LogError::unavailable("too many replicas write this limit's ledger at once"))
    }

    /// Puts a token back that was not spent. A lost one only makes the limit tighter for a minute.
    pub async fn give_back(&self, bucket: &dyn Bucket, clock: &Clock, limit: u32, slot: i64) -> Result<(), LogError> {
        let mut known = self.turn.lock().await;
        for attempt in 1..=TRIES {
            let now = clock();
            let Some((mut ledger, revision)) = self.read(bucket, &mut known, now, limit).await? else { return Ok(()) };
            ledger.give_back(slot, 1);
            if self.write(bucket, &mut known, ledger, Some(revision)).await? {
                self.closed_until.store(0, Ordering::Relaxed);
                return Ok(());
            }
            pause(attempt, now).await;
        }
        Ok(())
    }

    /// Whether somebody was sent away lately, in any process.
    pub async fn is_pressed(&self, bucket: &dyn Bucket, now: Timestamp) -> Result<bool, LogError> {
        let entry = bucket.get(&self.key).await?;
        Ok(entry.is_some_and(|entry| Ledger::from_bytes(&entry.value).is_ok_and(|ledger| ledger.is_pressed(now))))
    }

    async fn read(
        &self,
        bucket: &dyn Bucket,
        known: &mut Option<(Ledger, Revision)>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Option<(Ledger, Revision)>, LogError> {
        if known.is_none() {
            *known = bucket.get(&self.key).await?.map(|entry| self.decode(&entry, now, limit));
        }
        Ok(known.clone())
    }

    fn decode(&self, entry: &BucketEntry, now: Timestamp, limit: u32) -> (Ledger, Revision) {
        let ledger = Ledger::from_bytes(&entry.value).unwrap_or_else(|cause| {
            tracing::error!(%cause, key = self.key, "the ledger {} cannot be read: {cause}; its limit counts as used up", self.key);
            Ledger::spent(now, limit)
        });
        (ledger, entry.revision)
    }

    /// False when somebody else has written since.
    async fn write(
        &self,
        bucket: &dyn Bucket,
        known: &mut Option<(Ledger, Revision)>,
        ledger: Ledger,
        revision: Option<Revision>,
    ) -> Result<bool, LogError> {
        let value = Bytes::from(ledger.to_bytes());
        *known = None; // whatever happens from here on, the ledger is not what it was
        let swapped = match revision {
            Some(revision) => bucket.update(&self.key, value, revision, Some(KEPT)).await?,
            None => bucket.create(&self.key, value, Some(KEPT)).await?,
        };
        if let Swap::Done(revision) = swapped {
            *known = Some((ledger, revision));
        }
        Ok(known.is_some())
    }
}

/// Longer each time, and not the same for all who lost.
async fn pause(attempt: u32, now: Timestamp) {
    let spread = u64::try_from(now.micros().rem_euclid(7)).unwrap_or(0);
    let pause = Duration::from_millis(u64::from(attempt) * 2 + spread);
    tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
}
