//! Watching the log: the demo shows what was stored, not what it believes to have done.

use std::sync::Arc;
use std::time::Duration;

use hookwheel_log::{Log, LogError, Stored, SubjectFilter};
use hookwheel_proto::topology::{DELIVERIES, EVENTS, RUNS};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::stage::{Sighting, Stage};
use crate::exit::Failure;

const BATCH: usize = 64;
const WAIT: Duration = Duration::from_millis(500);

/// Follows the three streams a delivery goes through, from now on.
pub struct Watcher {
    seen: mpsc::Receiver<Result<Sighting, LogError>>,
    _tails: JoinSet<()>,
}

impl Watcher {
    /// Starts following.
    pub async fn start(log: &Arc<dyn Log>) -> Result<Self, Failure> {
        let (sender, seen) = mpsc::channel(BATCH);
        let mut tails = JoinSet::new();
        for stream in [DELIVERIES, EVENTS, RUNS] {
            let from = log.stream(stream).await?.last + 1;
            tails.spawn(follow(Arc::clone(log), stream, from, sender.clone()));
        }
        Ok(Self { seen, _tails: tails })
    }

    /// Every stage, in the log's order, until the run is over. Gives up after `patience` without a new one.
    pub async fn until_finished(
        &mut self,
        patience: Duration,
        mut show: impl FnMut(&Sighting),
    ) -> Result<Vec<Sighting>, Failure> {
        let mut sightings: Vec<Sighting> = Vec::new();
        loop {
            let last = sightings.last().map(|sighting| sighting.stage);
            let next = tokio::time::timeout(patience, self.seen.recv()).await;
            let sighting = next.ok().flatten().ok_or_else(|| super::stuck_at(last))??;
            show(&sighting);
            let over = sighting.stage == Stage::Finished || sighting.failed && sighting.stage == Stage::Normalized;
            sightings.push(sighting);
            if over {
                // Streams are followed side by side: what was stored first is put first.
                sightings.sort_by_key(|sighting| sighting.at_micros);
                return Ok(sightings);
            }
        }
    }
}

async fn follow(log: Arc<dyn Log>, stream: &'static str, from: u64, seen: mpsc::Sender<Result<Sighting, LogError>>) {
    let outcome = async {
        let mut tail = log.tail(stream, &SubjectFilter::All, from).await?;
        loop {
            for record in tail.next(BATCH, WAIT).await? {
                if let Some(sighting) = sighting(&record)
                    && seen.send(Ok(sighting)).await.is_err()
                {
                    return Ok(());
                }
            }
        }
    };
    if let Err(error) = outcome.await {
        let _ = seen.send(Err(error)).await;
    }
}

fn sighting(record: &Stored) -> Option<Sighting> {
    Sighting::of(&hookwheel_proto::decode(record).ok()?, record.at_micros)
}
