//! Everything the log holds, read back from its beginning.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use hookwheel_core::delivery::DeliveryReceived;
use hookwheel_core::event::DeliveryOutcome;
use hookwheel_core::journal::Entry;
use hookwheel_core::run::RunRequested;
use hookwheel_log::{Log, Seq, Stored, StreamInfo, SubjectFilter};
use hookwheel_proto::{Fact, decode, topology};

/// The facts of every stream, each with its position, in stream order.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// DELIVERIES.
    pub deliveries: Vec<(Seq, DeliveryReceived)>,
    /// Outcomes in EVENTS.
    pub outcomes: Vec<(Seq, DeliveryOutcome)>,
    /// Mailbox entries in EVENTS.
    pub requests: Vec<(Seq, RunRequested)>,
    /// Journals in RUNS.
    pub entries: Vec<(Seq, Entry)>,
    /// Positions of every record read, by stream, as they came.
    pub positions: BTreeMap<String, Vec<Seq>>,
    /// Identity and bounds by stream.
    pub streams: BTreeMap<String, StreamInfo>,
    /// How many records consumers gave up on.
    pub parked: usize,
}

const PAGE: usize = 500;

impl History {
    /// Reads the whole log.
    pub async fn read(log: &dyn Log) -> anyhow::Result<Self> {
        let mut history = Self::default();
        for stream in [topology::DELIVERIES, topology::EVENTS, topology::RUNS, topology::PARKED] {
            history.streams.insert(stream.into(), log.stream(stream).await?);
            let mut from = 1;
            loop {
                let page = log.read(stream, &SubjectFilter::All, from, PAGE).await.context(stream)?;
                let Some(last) = page.last() else { break };
                from = last.seq + 1;
                page.iter().try_for_each(|record| history.take(stream, record))?;
            }
        }
        Ok(history)
    }

    fn take(&mut self, stream: &str, record: &Stored) -> anyhow::Result<()> {
        self.positions.entry(stream.into()).or_default().push(record.seq);
        if stream == topology::PARKED {
            self.parked += 1;
            return Ok(());
        }
        match decode(record)? {
            Fact::DeliveryReceived(fact) => self.deliveries.push((record.seq, fact)),
            Fact::DeliveryOutcome(fact) => self.outcomes.push((record.seq, fact)),
            Fact::RunRequested(fact) => self.requests.push((record.seq, fact)),
            Fact::RunEntry(fact) => self.entries.push((record.seq, fact)),
            Fact::Wake(_) => {}
            other => bail!("{stream} {} holds {other:?}", record.seq),
        }
        Ok(())
    }
}
