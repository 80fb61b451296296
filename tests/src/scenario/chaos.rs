//! Load from genuine senders while parts die at random and at named places.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tokio_util::sync::CancellationToken;

use super::sender::{Prepared, Sender};
use crate::fault;
use crate::world::{Part, World};

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Chaos {
    /// Deliveries, each with a key of its own.
    pub deliveries: u64,
    /// Entities they are spread over.
    pub entities: u64,
    /// Kills, at least.
    pub kills: u32,
    /// Senders at once.
    pub senders: usize,
    /// Makes the sequence of kills repeatable.
    pub seed: u64,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Toll {
    /// Parts killed from outside.
    pub at_random: u32,
    /// Parts that died at a named place.
    pub at_places: u32,
}

const PATIENCE: Duration = Duration::from_secs(300);
/// One delivery in so many is sent again after it was acknowledged.
const REPEAT_EVERY: u64 = 7;

impl Chaos {
    /// How long the system may take to finish what was sent, on a slow and busy machine.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(240) + Duration::from_millis(80) * u32::try_from(self.deliveries).unwrap_or(u32::MAX)
    }

    /// Sends everything, killing meanwhile, until both are done. Every part is running again afterwards.
    pub async fn run(self, world: &mut World, sender: &Sender) -> anyhow::Result<Toll> {
        let urls: Arc<[String]> = world.intakes().into();
        let sent = CancellationToken::new();
        let load = tokio::spawn(self.load(urls, sender.clone(), sent.clone()));
        let toll = self.kill(world, &sent).await?;
        load.await??;
        Ok(toll)
    }

    async fn load(self, urls: Arc<[String]>, sender: Sender, sent: CancellationToken) -> anyhow::Result<()> {
        let _done = sent.drop_guard();
        let each = |number: u64| {
            let (urls, sender) = (urls.clone(), sender.clone());
            async move {
                let delivery = Prepared::opened(self.seed ^ (number << 16), number % self.entities)?;
                sender.deliver(&urls, &delivery, PATIENCE).await?;
                if number.is_multiple_of(REPEAT_EVERY) {
                    sender.deliver(&urls, &delivery, PATIENCE).await?;
                }
                anyhow::Ok(())
            }
        };
        let mut ends = futures::stream::iter((0..self.deliveries).map(each)).buffer_unordered(self.senders);
        while let Some(end) = ends.next().await {
            end?;
        }
        Ok(())
    }

    async fn kill(self, world: &mut World, sent: &CancellationToken) -> anyhow::Result<Toll> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let (parts, mut toll) = (world.parts(), Toll::default());
        while toll.at_random + toll.at_places < self.kills || !sent.is_cancelled() {
            if toll.at_random + toll.at_places >= self.kills {
                sent.cancelled().await;
                break;
            }
            let part = *parts.choose(&mut rng).context("nothing to kill")?;
            let pause = Duration::from_millis(rng.random_range(20..400));
            match fault::places(part).choose(&mut rng) {
                Some(place) if rng.random_bool(0.5) => {
                    toll.at_places += u32::from(die_at(world, part, place, &mut rng).await?);
                }
                _ => {
                    tokio::time::sleep(pause).await;
                    toll.at_random += u32::from(world.kill9(part)?);
                    world.restart(part).await?;
                }
            }
        }
        world.start_all()?;
        world.ready().await?;
        Ok(toll)
    }
}

/// Restarts the part so that it dies at a place, gives it a moment to get there, and starts it as usual. Says whether
/// it did die there; a place that was not reached is killed from outside.
async fn die_at(world: &mut World, part: Part, place: &str, rng: &mut StdRng) -> anyhow::Result<bool> {
    world.kill9(part)?;
    let nth = rng.random_range(1..4);
    world.restart_to_die(part, Some(&format!("{place}={nth}"))).await?;
    let mut died = false;
    for _ in 0..80 {
        died = !world.process(part)?.is_running();
        if died {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    world.kill9(part)?;
    world.restart(part).await?;
    Ok(died)
}
