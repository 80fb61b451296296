//! Batch append: one atomic publish for up to 256 records, durable when it is answered; refused whole, it is taken apart.
//!
//! The broker's other batches (`allow_batched`, fast ingest) will not do: one server syncs each of their records by
//! itself, and their answer does not tell the position of each record.

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use futures::{StreamExt as _, stream};
use tokio::time::Instant;

use super::ack::{Ack, Refusal};
use super::api::{parse, pause};
use super::append::{Trouble, append, last, without_answer};
use super::link::{CALL_WITHIN, Link, TRY_WITHIN};
use super::plan::plan;
use super::settle::settled;
use super::wire::Wire;
use crate::{Expect, LogError, Outcome, Seq};

const BATCH_ID: HeaderName = HeaderName::from_static("Nats-Batch-Id");
const BATCH_SEQUENCE: HeaderName = HeaderName::from_static("Nats-Batch-Sequence");
const BATCH_COMMIT: HeaderName = HeaderName::from_static("Nats-Batch-Commit");

/// Without replicas the broker stages a batch in a store of its own, which it makes and removes: six syncs in all,
/// whatever the size. Fewer records than this are appended sooner, and for less work, one by one. Replicas stage in
/// memory and agree on a batch at once: there every batch pays.
const SMALLEST_ALONE: usize = 5;
/// Refused so often, a batch goes record by record.
const ROUNDS: usize = 4;
/// How many last records are asked for at once.
const LOOKUPS: usize = 64;

/// The fate of each record.
type Fates = Vec<Option<Result<Outcome, LogError>>>;

/// Appends checked records to one stream of so many replicas, in order. A record that is an error already keeps it.
pub(super) async fn append_all(
    link: &Link,
    stream: &str,
    replicas: usize,
    records: Vec<Result<Wire, LogError>>,
) -> Result<Vec<Result<Outcome, LogError>>, LogError> {
    link.ready()?;
    let mut fates: Fates = Vec::with_capacity(records.len());
    let mut wires = Vec::with_capacity(records.len());
    for record in records {
        let (wire, fate) = match record {
            Ok(wire) => (Some(wire), None),
            Err(error) => (None, Some(Err(error))),
        };
        wires.push(wire);
        fates.push(fate);
    }
    let smallest = if replicas == 1 { SMALLEST_ALONE } else { 2 };
    let plan = plan(wires.iter().enumerate().filter_map(|(place, wire)| Some((place, wire.as_ref()?))));
    for (number, batch) in plan.batches.iter().enumerate() {
        let open: Vec<(usize, &Wire)> =
            plan.order[batch.clone()].iter().filter_map(|place| Some((*place, wires[*place].as_ref()?))).collect();
        if let Err(error) = Batch::new(link, stream, smallest, open).run(&mut fates).await {
            // The first batch speaks for the call as a whole; what came before a later one keeps its outcome.
            return if number == 0 && !fates.iter().any(is_outcome) { Err(error) } else { Ok(finished(fates, &error)) };
        }
    }
    for (copy, original) in plan.copies {
        fates[copy] = Some(as_a_copy(fates[original].as_ref()));
    }
    Ok(finished(fates, &LogError::unavailable("the record was not tried")))
}

fn is_outcome(fate: &Option<Result<Outcome, LogError>>) -> bool {
    matches!(fate, Some(Ok(_)))
}

/// What is not known by now ends with the error that stopped the rest: order forbids to go on.
fn finished(fates: Fates, error: &LogError) -> Vec<Result<Outcome, LogError>> {
    let unknown = || LogError::unavailable(format!("the batch was stopped: {error}"));
    fates.into_iter().map(|fate| fate.unwrap_or_else(|| Err(unknown()))).collect()
}

fn as_a_copy(original: Option<&Result<Outcome, LogError>>) -> Result<Outcome, LogError> {
    match original {
        Some(Ok(Outcome::Stored(seq) | Outcome::AlreadyThere(seq) | Outcome::Conflict(seq))) => {
            Ok(Outcome::AlreadyThere(*seq))
        }
        Some(Err(error)) => Err(LogError::unavailable(format!("the first record of its subject failed: {error}"))),
        None => Err(LogError::unavailable("the first record of its subject was not tried")),
    }
}

/// Records of one batch whose fate is open.
struct Batch<'a> {
    link: &'a Link,
    stream: &'a str,
    /// Fewer records than this go one by one.
    smallest: usize,
    open: Vec<(usize, &'a Wire)>,
    /// An earlier try may have stored them.
    in_doubt: bool,
    deadline: Instant,
}

impl<'a> Batch<'a> {
    fn new(link: &'a Link, stream: &'a str, smallest: usize, open: Vec<(usize, &'a Wire)>) -> Self {
        Self { link, stream, smallest, open, in_doubt: false, deadline: Instant::now() + CALL_WITHIN }
    }

    /// Runs until every record has its fate; an error leaves the open ones without.
    async fn run(mut self, fates: &mut Fates) -> Result<(), LogError> {
        for _ in 0..ROUNDS {
            if self.open.len() < self.smallest {
                break;
            }
            match self.publish().await {
                Ok(first) => {
                    for (seq, (place, _)) in (first..).zip(&self.open) {
                        fates[*place] = Some(Ok(Outcome::Stored(seq)));
                    }
                    return Ok(());
                }
                Err(Stop::NoBatches) => break,
                Err(Stop::Refused) => self.settle(fates).await?,
                Err(Stop::Trouble(Trouble::Final(error))) => return Err(error),
                Err(Stop::Trouble(Trouble::Again(error))) => pause(self.deadline, error).await?,
            }
            self.link.ready_by(self.deadline).await?;
        }
        self.one_by_one(fates).await
    }

    /// Publishes the open records atomically and returns the first one's position.
    async fn publish(&mut self) -> Result<Seq, Stop> {
        let id = format!("{:016x}", rand::random::<u64>());
        let count = self.open.len();
        let members = (1..).zip(&self.open).map(|(sequence, (_, wire))| (member(wire, &id, sequence), *wire));
        let mut messages: Vec<(HeaderMap, &Wire)> = members.collect();
        let Some((mut headers, wire)) = messages.pop() else { return Err(Stop::NoBatches) };
        headers.insert(BATCH_COMMIT, "1");
        let try_until = self.deadline.min(Instant::now() + TRY_WITHIN);
        // Without its commit, what was sent of a batch comes to nothing.
        let sent = self.link.send_all(messages, try_until).await;
        sent.map_err(|no_answer| Stop::Trouble(without_answer(no_answer)))?;
        let answer = self.link.request(wire.subject.clone(), Some(headers), wire.payload.clone(), try_until).await;
        let message = answer.map_err(|no_answer| {
            self.in_doubt |= no_answer.is_ambiguous();
            Stop::Trouble(without_answer(no_answer))
        })?;
        match parse::<Ack>(&message.payload).map_err(|error| Stop::Trouble(Trouble::Final(error)))? {
            Ok(ack) if ack.count == Some(count as u64) => Ok(ack.seq + 1 - count as u64),
            Ok(ack) => Err(Stop::Trouble(Trouble::Final(LogError::Unfit(format!(
                "the broker stored {:?} of {count} records of a batch; is it older than 2.12?",
                ack.count
            ))))),
            Err(error) => Err(match Refusal::of(&error, self.stream) {
                Refusal::Expectation | Refusal::InFlight => Stop::Refused,
                // Only a record without an expectation has an id that the broker remembers; alone, it is told apart.
                Refusal::HoldsDuplicate | Refusal::NoBatches => Stop::NoBatches,
                Refusal::Later(error) => Stop::Trouble(Trouble::Again(error)),
                Refusal::Final(error) => Stop::Trouble(Trouble::Final(error)),
            }),
        }
    }

    /// Gives those records their fate whose subject's last record decides it; keeps the rest open.
    async fn settle(&mut self, fates: &mut Fates) -> Result<(), LogError> {
        let lookups: Vec<_> = self.open.iter().map(|(_, wire)| self.lookup(wire)).collect();
        let found: Vec<Result<Option<Outcome>, LogError>> = stream::iter(lookups).buffered(LOOKUPS).collect().await;
        let before = self.open.len();
        let mut still_open = Vec::new();
        for ((place, wire), outcome) in self.open.iter().zip(found) {
            match outcome? {
                Some(outcome) => fates[*place] = Some(Ok(outcome)),
                None => still_open.push((*place, *wire)),
            }
        }
        self.open = still_open;
        if self.open.len() == before {
            pause(self.deadline, LogError::unavailable("other writers' records of the same subjects are in flight"))
                .await?;
        }
        Ok(())
    }

    async fn lookup(&self, wire: &Wire) -> Result<Option<Outcome>, LogError> {
        if wire.expect == Expect::Anything {
            return Ok(None);
        }
        let last = last(self.link, self.stream, wire).await?;
        Ok(settled(wire.expect, &wire.id, last.as_ref(), self.in_doubt))
    }

    async fn one_by_one(self, fates: &mut Fates) -> Result<(), LogError> {
        for (place, wire) in self.open {
            match append(self.link, self.stream, wire, self.in_doubt).await {
                Err(error) if error.is_transient() => return Err(error),
                fate => fates[place] = Some(fate),
            }
        }
        Ok(())
    }
}

fn member(wire: &Wire, batch: &str, sequence: usize) -> HeaderMap {
    let mut headers = wire.header_map();
    headers.insert(BATCH_ID, batch);
    headers.insert(BATCH_SEQUENCE, HeaderValue::from(sequence));
    headers
}

/// Why a batch was not stored.
enum Stop {
    /// Some expectation in it does not hold.
    Refused,
    /// It has to go record by record.
    NoBatches,
    /// The broker could not.
    Trouble(Trouble),
}
