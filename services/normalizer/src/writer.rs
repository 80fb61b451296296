//! One writer's turn: deliveries in stream order from the place on, until it is relieved.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookwheel_log::{LogError, Seq, Stored, SubjectFilter, Tail};
use hookwheel_proto::topology::DELIVERIES;
use hookwheel_runtime::ready::Readiness;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::append::Halt;
use crate::batch::{self, Shared, Stuck};
use crate::place::{Moving, PlaceError};

/// How often DELIVERIES is asked whether it is still the same stream.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Failed tries after which a delivery is parked: about two minutes.
const TRIES: u32 = 8;
/// Processes that may end with the same delivery in hand before it is parked: what is killed from outside is killed at
/// another one the next time.
const LIVES: u32 = 16;
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// Why a turn ended before the writer was relieved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    Halt(#[from] Halt),
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Writes down deliveries while it has the lease.
pub(crate) struct Writer {
    pub shared: Arc<Shared>,
    pub readiness: Readiness,
    pub leads: watch::Receiver<bool>,
    pub stop: CancellationToken,
    /// The delivery that this process was last counted for.
    pub counted: Option<Seq>,
}

impl Writer {
    /// Works until it is relieved or one delivery has to wait: then the next turn begins with that one.
    ///
    /// It begins with one delivery, then two, four and so on, and saves its place each time. So a delivery that ends the
    /// whole process is after a few starts the first in line, where that is counted.
    pub async fn turn(&mut self) -> Result<(), Trouble> {
        let log = Arc::clone(&self.shared.log);
        let mut place = Moving::open(&*log).await?;
        self.readiness.set("place", Ok(()));
        let mut tail = log.tail(DELIVERIES, &SubjectFilter::All, place.next()).await?;
        let (mut looked, mut most) = (Instant::now(), 1);
        while let Some(records) = self.take(&mut *tail, most, place.due_in().unwrap_or(LOOK_EVERY)).await? {
            let warming_up = most < self.shared.options.batch;
            if let Some(first) = records.first() {
                if most == 1 && self.is_deadly(&mut place, first).await? {
                    return Ok(());
                }
                if let Some(stuck) = self.write_down(&mut place, records).await? {
                    return self.wait(&mut place, stuck).await;
                }
                most = (most * 2).min(self.shared.options.batch);
            }
            if place.due_in().is_some_and(|left| warming_up || left.is_zero()) {
                place.save(&self.stop).await?;
            }
            if looked.elapsed() >= LOOK_EVERY {
                place.look(&*log).await?;
                looked = Instant::now();
            }
        }
        if place.due_in().is_some() {
            place.save(&self.stop).await?;
        }
        Ok(())
    }

    /// The next deliveries, none after `wait` without any; `None` when the writer is relieved.
    async fn take(
        &mut self,
        tail: &mut dyn Tail,
        most: usize,
        wait: Duration,
    ) -> Result<Option<Vec<Stored>>, LogError> {
        tokio::select! {
            biased;
            () = self.relieved() => Ok(None),
            records = tail.next(most, wait) => records.map(Some),
        }
    }

    /// Waits for the lease; false at a stop.
    pub async fn called(&mut self) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            lead = self.leads.wait_for(|lead| *lead) => lead.is_ok(),
        }
    }

    /// Returns at a stop, or when the lease is another's.
    pub async fn relieved(&mut self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            _ = self.leads.wait_for(|lead| !lead) => {}
        }
    }

    /// Counts the processes that take this delivery in hand, each once. True when too many ended with it and it is parked.
    async fn is_deadly(&mut self, place: &mut Moving, first: &Stored) -> Result<bool, Trouble> {
        if self.counted.replace(first.seq) == Some(first.seq) {
            return Ok(false);
        }
        let deadly = place.taken() >= LIVES;
        if deadly {
            batch::give_up(&self.shared, &Stuck::deadly(&self.shared, first), &self.stop).await?;
            place.advance(first.seq);
        }
        place.save(&self.stop).await?;
        Ok(deadly)
    }

    /// Moves the place over what is done; returns the delivery that holds up the rest, if one does.
    async fn write_down(&self, place: &mut Moving, records: Vec<Stored>) -> Result<Option<Stuck>, Trouble> {
        let handled = batch::handle(&self.shared, records, &self.stop).await?;
        if let Some(done) = handled.done {
            place.advance(done);
        }
        Ok(handled.stuck)
    }

    /// The first in line has to wait, and everybody behind it: only so does the order hold. That is bounded by its
    /// tries, which no crash resets.
    async fn wait(&mut self, place: &mut Moving, stuck: Stuck) -> Result<(), Trouble> {
        let seq = stuck.seq();
        let tries = place.failed(seq);
        if tries >= TRIES {
            batch::give_up(&self.shared, &stuck, &self.stop).await?;
            place.advance(seq);
            return Ok(place.save(&self.stop).await?);
        }
        let delay = delay(tries);
        stuck.put_back(&self.shared, tries, delay);
        place.save(&self.stop).await?;
        tokio::select! {
            () = self.relieved() => {}
            () = tokio::time::sleep(delay) => {}
        }
        Ok(())
    }
}

/// 1 s, 2 s, 4 s ... 64 s.
fn delay(tries: u32) -> Duration {
    FIRST_DELAY * (1 << (tries.clamp(1, TRIES - 1) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_holds_up_the_rest_for_about_two_minutes() {
        assert_eq!(delay(1), Duration::from_secs(1));
        let all: Duration = (1..TRIES).map(delay).sum();
        assert_eq!(all, Duration::from_secs(127));
    }
}
