//! Random histories: what may come from the four streams, in what order, cut into batches anyhow.

use std::collections::BTreeMap;

use hookwheel_core::delivery::{Body, DeliveryReceived, Notice};
use hookwheel_core::event::{DeliveryOutcome, Event, Field, Normalized};
use hookwheel_core::journal::{CallKey, Entry, ModelFailure, RunOutcome, ToolStatus, What};
use hookwheel_core::run::RunRequested;
use hookwheel_core::{EntityKey, Timestamp};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::batch;
use super::facts::{self, Journal, at};
use crate::{Batch, Change};

/// Everything that happened to one delivery.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its receipt.
    pub received: DeliveryReceived,
    /// What became of it, if that has been decided.
    pub outcome: Option<DeliveryOutcome>,
    /// Its runs with what their journals hold so far.
    pub runs: Vec<(RunRequested, Vec<Entry>)>,
    /// Its repeats.
    pub duplicates: Vec<Notice>,
}

/// Several deliveries, and how their facts reach the tables.
#[derive(Debug, Clone)]
pub struct History {
    /// What happened.
    pub stories: Vec<Story>,
    /// The facts with their positions.
    pub streams: BTreeMap<&'static str, Vec<(u64, Change)>>,
    /// Batches as a projector applies them, repeats included.
    pub batches: Vec<Batch>,
}

impl History {
    /// One batch a stream that has facts, in the order of names.
    pub fn at_once(&self) -> Vec<Batch> {
        let streams = self.streams.iter().filter(|(_, changes)| !changes.is_empty());
        streams.map(|(stream, changes)| batch(stream, changes.clone())).collect()
    }
}

/// Random histories of up to `most` deliveries.
pub fn histories(most: usize) -> impl Strategy<Value = History> {
    let stories = vec(seed(), 1..=most)
        .prop_map(|seeds| seeds.into_iter().enumerate().map(|(n, seed)| seed.story(n as u64)).collect::<Vec<_>>());
    (stories, vec(any::<Index>(), 256), vec((any::<Index>(), 1..30_usize, 0..10_usize), 1..60)).prop_map(
        |(stories, shuffle, cuts)| History {
            streams: streams(&stories, &shuffle),
            batches: batches(&streams(&stories, &shuffle), &cuts),
            stories,
        },
    )
}

/// The same few histories every time; `seed` names another set.
pub fn samples(count: usize, most: usize, seed: u8) -> Vec<History> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = histories(most);
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Text as hostile as a sender's.
pub fn odd_text() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "a",
        "A",
        "",
        "\0",
        "\u{1a}",
        "\u{1a}0",
        "%",
        "_",
        "'",
        "\"",
        "\\",
        "\\x00",
        "\\u0000",
        "\n",
        "\u{1b}[31m",
        "\u{202e}",
        "\u{feff}",
        "é",
        "e\u{301}",
        "ß",
        "\u{fffd}",
        "\u{10ffff}",
        "🦀",
    ]);
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// The kind of outcome that is a batch.
const BATCH: u8 = 5;

#[derive(Debug, Clone)]
struct Seed {
    at: i64,
    webhook: u64,
    text: String,
    outcome: Option<u8>,
    runs: Vec<(Vec<u8>, RunOutcome, usize)>,
    duplicates: u8,
}

fn seed() -> impl Strategy<Value = Seed> {
    let outcomes = select(vec![RunOutcome::Completed, RunOutcome::Completed, RunOutcome::Failed, RunOutcome::MaxTurns]);
    // Half of the journals are whole.
    let length = prop_oneof![Just(usize::MAX), 0..40_usize];
    let runs = vec((vec(any::<u8>(), 0..6), outcomes, length), 0..3);
    let outcome = prop_oneof![1 => Just(None), 8 => (0..6_u8).prop_map(Some)];
    (0..4_i64, 1..3_u64, odd_text(), outcome, runs, 0..4_u8).prop_map(
        |(at, webhook, text, outcome, runs, duplicates)| Seed { at, webhook, text, outcome, runs, duplicates },
    )
}

impl Seed {
    fn story(self, n: u64) -> Story {
        // Between two milliseconds: a delivery's id counts only those.
        let received_at = Timestamp::from_micros(at(self.at).micros() + 137);
        let mut received = facts::received(n, received_at);
        received.webhook = facts::webhook(self.webhook);
        received.key.text.push_str(&self.text);
        received.headers.push(("x-odd".into(), self.text.clone().into_bytes()));
        received.body = Body::Inline(self.text.clone().into_bytes().into());
        let routed = self.outcome.is_none_or(|kind| kind > 1);
        let runs: Vec<_> = (self.runs.into_iter().enumerate())
            .filter(|_| routed)
            .map(|(route, (script, outcome, length))| {
                let mut request = facts::requested(&received, &format!("route-{route}"));
                request.message.push_str(&self.text);
                request.event_index = (self.outcome == Some(BATCH)).then(|| u32::try_from(route).unwrap());
                let mut entries = journal(&request, &script, outcome).entries;
                entries.truncate(length);
                (request, entries)
            })
            .collect();
        let event = Event {
            event_type: Some(format!("issues.{}", self.text)),
            entity: EntityKey::parse(format!("github:o/r:issue:{}", n % 3)).ok(),
            actor: n.is_multiple_of(2).then(|| self.text.clone()),
            summary: vec![Field { name: "title".into(), value: self.text.clone() }],
        };
        let events = if self.outcome == Some(BATCH) { items(&event, &runs) } else { Vec::new() };
        let outcome = self.outcome.map(|kind| DeliveryOutcome {
            events,
            ..facts::outcome(
                &received,
                match kind {
                    0 => Normalized::Filtered { event, clause: "event type is on the deny list".into() },
                    1 => Normalized::Unroutable { reason: self.text },
                    _ => Normalized::Routed {
                        event,
                        runs: runs.iter().map(|(request, _)| request.run.clone()).collect(),
                    },
                },
            )
        });
        let duplicates = (0..self.duplicates).map(|n| facts::duplicate(&received, at(100 + i64::from(n)))).collect();
        Story { received, outcome, runs, duplicates }
    }
}

/// An event for each run, and one that starts none.
fn items(event: &Event, runs: &[(RunRequested, Vec<Entry>)]) -> Vec<Normalized> {
    let routed = |run: &RunRequested| Normalized::Routed { event: event.clone(), runs: vec![run.run.clone()] };
    let clause = "event type is on the deny list".into();
    let filtered = Normalized::Filtered { event: event.clone(), clause };
    runs.iter().map(|(request, _)| routed(request)).chain([filtered]).collect()
}

/// A journal in which each byte of the script is a turn with something going on in it.
fn journal(request: &RunRequested, script: &[u8], outcome: RunOutcome) -> Journal {
    let mut journal = Journal::of(request).started().claimed();
    for (turn, &byte) in (1..).zip(script) {
        journal = journal.asked(turn, 1);
        let mut attempt = 1;
        if byte & 1 != 0 {
            journal = journal.with(What::ModelCallFailed {
                turn,
                attempt,
                class: ModelFailure::Retryable,
                detail: "status 529".into(),
                retry_at: None,
            });
            attempt += 1;
            journal = journal.asked(turn, attempt);
        }
        let calls = u32::from(byte >> 6);
        journal = journal.answered(turn, attempt, calls);
        for index in 0..calls {
            journal = tool_call(journal, turn, index, byte);
        }
    }
    journal.finished(outcome)
}

fn tool_call(journal: Journal, turn: u32, index: u32, byte: u8) -> Journal {
    let call = CallKey { turn, index };
    match (byte >> 1) & 7 {
        0 => journal.with(What::ToolCallDenied { call, rule: "the tool is not on the agent's list".into() }),
        1 => journal.called(turn, index, 1).claimed().with(What::ToolCallUncertain { call }),
        2 => journal.called(turn, index, 1).claimed().called(turn, index, 2).returned(turn, index, 2, ToolStatus::Ok),
        3 => journal.called(turn, index, 1).returned(turn, index, 1, ToolStatus::ToolError),
        4 => journal.called(turn, index, 1).returned(turn, index, 1, ToolStatus::Timeout),
        5 => journal
            .with(What::Suspended { reason: "rate limit".into(), wake_at: at(1_000) })
            .claimed()
            .with(What::Resumed)
            .called(turn, index, 1)
            .returned(turn, index, 1, ToolStatus::Ok),
        6 => journal.with(What::Unknown { kind: 4711, bytes: vec![1].into() }).called(turn, index, 1),
        _ => journal.called(turn, index, 1).returned(turn, index, 1, ToolStatus::Ok),
    }
}

/// The streams as their writers would leave them: deliveries in any order, requests before their outcome, journals in
/// their own order and otherwise mixed. Positions have gaps, as when other records lie between.
fn streams(stories: &[Story], shuffle: &[Index]) -> BTreeMap<&'static str, Vec<(u64, Change)>> {
    let mut choices = shuffle.iter().cycle();
    let mut merge = |queues: Vec<Vec<Change>>| {
        let mut queues: Vec<_> = queues.into_iter().map(Vec::into_iter).collect();
        let mut merged = Vec::new();
        while !queues.is_empty() {
            let chosen = choices.next().map_or(0, |choice| choice.index(queues.len()));
            match queues[chosen].next() {
                Some(change) => merged.push(((merged.len() as u64 + 1) * 3, change)),
                None => drop(queues.swap_remove(chosen)),
            }
        }
        merged
    };
    let one = |change| vec![change];
    let receipts = stories.iter().map(|s| one(Change::Delivery(Box::new(s.received.clone())))).collect();
    let events = stories.iter().map(|story| {
        let requests = story.runs.iter().map(|(request, _)| Change::Requested(Box::new(request.clone())));
        requests.chain(story.outcome.iter().map(|outcome| Change::Outcome(Box::new(outcome.clone())))).collect()
    });
    let journals = stories.iter().flat_map(|story| &story.runs);
    let journals = journals.map(|(_, entries)| entries.iter().map(|e| Change::Entry(Box::new(e.clone()))).collect());
    let notices = stories.iter().flat_map(|story| &story.duplicates);
    let rejections = (0..stories.len() as u64 % 4).map(|n| facts::rejected(n, at(200)));
    let notices = notices.cloned().chain(rejections).map(|notice| one(Change::Notice(Box::new(notice)))).collect();
    BTreeMap::from([
        (facts::DELIVERIES, merge(receipts)),
        (facts::EVENTS, merge(events.collect())),
        (facts::RUNS, merge(journals.collect())),
        (facts::NOTICES, merge(notices)),
    ])
}

/// Cuts streams into batches that come in any interleaving, each beginning up to `back` facts before its turn.
fn batches(streams: &BTreeMap<&'static str, Vec<(u64, Change)>>, cuts: &[(Index, usize, usize)]) -> Vec<Batch> {
    let mut left: Vec<_> = streams.iter().map(|(name, changes)| (*name, changes.as_slice(), 0)).collect();
    let mut batches = Vec::new();
    let mut cuts = cuts.iter().cycle();
    loop {
        left.retain(|(_, changes, done)| *done < changes.len());
        if left.is_empty() {
            return batches;
        }
        let Some((chosen, take, back)) = cuts.next() else { return batches };
        let chosen = chosen.index(left.len());
        let (name, changes, done) = &mut left[chosen];
        let upto = (*done + take).min(changes.len());
        batches.push(batch(name, changes[done.saturating_sub(*back)..upto].to_vec()));
        *done = upto;
    }
}
