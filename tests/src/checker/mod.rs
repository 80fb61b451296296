//! The invariants, as a pure function over what was sent, what was logged, what was done and what the tables say.
//!
//! Numbers are those of the reliability sheet in ARCHITECTURE.md: I1 to I7, I10, I11.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hookwheel_core::agent::EffectClass;
use hookwheel_core::event::{DeliveryOutcome, Normalized};
use hookwheel_core::ids::RunId;
use hookwheel_core::journal::{CallKey, Entry, What};
use hookwheel_log::Seq;

use crate::history::History;
use crate::ledger::Ledger;
use crate::witness::Witness;

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The invariant's number.
    pub invariant: u8,
    /// What exactly.
    pub what: String,
}

/// What the tables say, reduced to what can be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tables {
    /// Digest of the live tables.
    pub live: String,
    /// Digest of tables folded from zero out of the same log.
    pub rebuilt: String,
    /// Checkpoints of the live tables: stream to incarnation and position.
    pub checkpoints: BTreeMap<String, (String, Seq)>,
}

/// Every breach there is.
pub fn check(history: &History, ledger: &Ledger, witness: &Witness, tables: &Tables) -> Vec<Breach> {
    let journals = journals(history);
    let mut found = Vec::new();
    found.extend(i1_acknowledged_is_stored_once(history, ledger));
    found.extend(i2_one_delivery_per_key(history));
    found.extend(i3_one_terminal_state(history, &journals));
    found.extend(i4_one_run_per_route(history, &journals));
    found.extend(i5_one_writer_at_a_time(&journals));
    found.extend(i6_effects_at_most_once(&journals, witness));
    found.extend(i7_tables_are_the_fold(tables));
    found.extend(i10_sessions_are_serial_and_in_order(history, &journals));
    found.extend(i10_mailboxes_are_in_order_of_arrival(history));
    found.extend(i11_streams_only_grow(history, tables));
    found
}

type Journals<'a> = BTreeMap<&'a RunId, Vec<(Seq, &'a Entry)>>;

fn journals(history: &History) -> Journals<'_> {
    let mut journals = Journals::new();
    for (seq, entry) in &history.entries {
        journals.entry(&entry.run).or_default().push((*seq, entry));
    }
    journals
}

fn breach(invariant: u8, what: String) -> Breach {
    Breach { invariant, what }
}

fn i1_acknowledged_is_stored_once(history: &History, ledger: &Ledger) -> Vec<Breach> {
    let mut stored: HashMap<&str, u32> = HashMap::new();
    for (_, delivery) in &history.deliveries {
        *stored.entry(delivery.delivery.as_str()).or_default() += 1;
    }
    let by_key: HashMap<&str, &str> =
        history.deliveries.iter().map(|(_, d)| (d.key.text.as_str(), d.delivery.as_str())).collect();
    let mut found = Vec::new();
    for (key, sent) in &ledger.0 {
        if sent.acknowledged.len() > 1 {
            found.push(breach(1, format!("{key} was answered with {:?}", sent.acknowledged)));
        }
        for id in &sent.acknowledged {
            match stored.get(id.as_str()) {
                Some(1) => {}
                times => found.push(breach(1, format!("{id} was acknowledged and is stored {times:?} times"))),
            }
            if by_key.get(key.as_str()).is_some_and(|stored| stored != id) {
                found.push(breach(1, format!("{key} is stored under another id than {id}")));
            }
        }
    }
    found
}

fn i2_one_delivery_per_key(history: &History) -> Vec<Breach> {
    let mut seen = BTreeSet::new();
    let repeats = history.deliveries.iter().filter(|(_, d)| !seen.insert((&d.webhook, &d.key.hash)));
    repeats.map(|(seq, d)| breach(2, format!("{} is stored again at {seq}", d.key.text))).collect()
}

fn i3_one_terminal_state(history: &History, journals: &Journals<'_>) -> Vec<Breach> {
    let mut outcomes: HashMap<&str, u32> = HashMap::new();
    for (_, outcome) in &history.outcomes {
        *outcomes.entry(outcome.delivery.as_str()).or_default() += 1;
    }
    let mut found = Vec::new();
    for (_, delivery) in &history.deliveries {
        match outcomes.get(delivery.delivery.as_str()) {
            Some(1) => {}
            times => found.push(breach(3, format!("{} has {times:?} outcomes", delivery.delivery))),
        }
    }
    for (_, request) in &history.requests {
        let ends = journals
            .get(&request.run)
            .map_or(0, |j| j.iter().filter(|(_, e)| matches!(e.what, What::Finished(_))).count());
        if ends != 1 {
            found.push(breach(3, format!("{} ended {ends} times", request.run)));
        }
    }
    found
}

fn i4_one_run_per_route(history: &History, journals: &Journals<'_>) -> Vec<Breach> {
    let mut found = Vec::new();
    let mut requested = BTreeMap::new();
    for (seq, request) in &history.requests {
        if let Some(other) =
            requested.insert((&request.delivery, request.event_index, &request.route, request.generation), *seq)
        {
            found.push(breach(4, format!("{} was requested at {other} and {seq}", request.run)));
        }
    }
    let wanted: BTreeSet<&RunId> = history.requests.iter().map(|(_, r)| &r.run).collect();
    let promised = history.outcomes.iter().flat_map(|(_, outcome)| runs_of(&outcome.result));
    for run in promised.filter(|run| !wanted.contains(run)) {
        found.push(breach(4, format!("{run} is in an outcome and was never requested")));
    }
    found.extend(history.outcomes.iter().filter(|(_, outcome)| !adds_up(outcome)).map(|(_, outcome)| {
        breach(4, format!("the events of {} do not have the runs of the whole", outcome.delivery))
    }));
    for (run, journal) in journals {
        let starts = journal.iter().filter(|(_, e)| matches!(e.what, What::Started(_))).count();
        if starts != 1 || !wanted.contains(run) {
            found.push(breach(4, format!("{run} started {starts} times (requested: {})", wanted.contains(run))));
        }
    }
    found
}

/// Whether the events of a batch have the runs of the whole, in order.
fn adds_up(outcome: &DeliveryOutcome) -> bool {
    outcome.events.is_empty() || outcome.events.iter().flat_map(runs_of).eq(runs_of(&outcome.result))
}

fn runs_of(result: &Normalized) -> &[RunId] {
    match result {
        Normalized::Routed { runs, .. } => runs,
        Normalized::Filtered { .. } | Normalized::Unroutable { .. } => &[],
    }
}

fn i5_one_writer_at_a_time(journals: &Journals<'_>) -> Vec<Breach> {
    let mut found = Vec::new();
    for (run, journal) in journals {
        let mut epoch = 0;
        for (expected, (seq, entry)) in (1..).zip(journal) {
            if entry.n != expected {
                found.push(breach(5, format!("{run} at {seq} has n {} and not {expected}", entry.n)));
            }
            let claim = matches!(entry.what, What::Claimed { .. });
            if entry.epoch < epoch || (claim && entry.epoch != epoch + 1) || (!claim && entry.epoch > epoch) {
                found.push(breach(5, format!("{run} at {seq} has epoch {} after {epoch}", entry.epoch)));
            }
            epoch = epoch.max(entry.epoch);
        }
    }
    found
}

fn i6_effects_at_most_once(journals: &Journals<'_>, witness: &Witness) -> Vec<Breach> {
    let mut found = Vec::new();
    for (run, journal) in journals {
        let mut open: BTreeMap<CallKey, (EffectClass, u32)> = BTreeMap::new();
        for (seq, entry) in journal {
            match &entry.what {
                What::ToolCallStarted(intent) => {
                    let tries = open.entry(intent.call).or_insert((intent.effect, 0));
                    tries.1 += 1;
                    if tries.0 == EffectClass::Effect && tries.1 > 1 {
                        found.push(breach(6, format!("{run} {} was started again at {seq}", intent.call)));
                    }
                }
                What::ToolCallFinished(result) if !open.contains_key(&result.call) => {
                    found.push(breach(6, format!("{run} {} has a result and no intent before {seq}", result.call)));
                }
                _ => {}
            }
        }
        for call in open.keys() {
            let times = witness.0.get(&format!("{run} {call}")).copied().unwrap_or(0);
            if times > 1 {
                found.push(breach(6, format!("{run} {call} had its effect {times} times")));
            }
        }
    }
    let known =
        |key: &str| key.split_once(' ').is_some_and(|(run, _)| journals.keys().any(|known| known.as_str() == run));
    found.extend(
        witness.0.keys().filter(|key| !known(key)).map(|key| breach(6, format!("effect of an unknown run: {key}"))),
    );
    found
}

fn i7_tables_are_the_fold(tables: &Tables) -> Vec<Breach> {
    if tables.live == tables.rebuilt {
        Vec::new()
    } else {
        vec![breach(7, format!("tables {} and not the log's fold {}", tables.live, tables.rebuilt))]
    }
}

fn i10_sessions_are_serial_and_in_order(history: &History, journals: &Journals<'_>) -> Vec<Breach> {
    let mut found = Vec::new();
    let mut busy_until: HashMap<&str, (Seq, &RunId)> = HashMap::new();
    for (_, request) in &history.requests {
        let Some(journal) = journals.get(&request.run) else { continue };
        let (Some((first, _)), Some((last, _))) = (journal.first(), journal.last()) else { continue };
        if let Some((until, other)) = busy_until.get(request.session.as_str())
            && first < until
        {
            found.push(breach(10, format!("{} began at {first}, before {other} ended at {until}", request.run)));
        }
        busy_until.insert(request.session.as_str(), (*last, &request.run));
    }
    found
}

/// What was asked for again by hand is in the mailbox at the time of asking.
fn i10_mailboxes_are_in_order_of_arrival(history: &History) -> Vec<Breach> {
    let arrived: HashMap<&str, Seq> = history.deliveries.iter().map(|(seq, d)| (d.delivery.as_str(), *seq)).collect();
    let mut newest: HashMap<&str, ((Seq, Option<u32>), &RunId)> = HashMap::new();
    let mut found = Vec::new();
    for (at, request) in history.requests.iter().filter(|(_, request)| request.generation == 0) {
        let Some(delivery) = arrived.get(request.delivery.as_str()) else { continue };
        let place = (*delivery, request.event_index);
        match newest.get(request.session.as_str()) {
            Some((before, other)) if place < *before => {
                found.push(breach(10, format!("{} is at {at} behind {other}, which arrived later", request.run)));
            }
            _ => drop(newest.insert(request.session.as_str(), (place, &request.run))),
        }
    }
    found
}

fn i11_streams_only_grow(history: &History, tables: &Tables) -> Vec<Breach> {
    let mut found = Vec::new();
    for (stream, positions) in &history.positions {
        if positions.windows(2).any(|pair| pair[1] <= pair[0]) {
            found.push(breach(11, format!("positions of {stream} go backwards")));
        }
    }
    for (stream, (incarnation, seq)) in &tables.checkpoints {
        let Some(info) = history.streams.get(stream) else { continue };
        if *incarnation != info.incarnation || *seq > info.last {
            found.push(breach(11, format!("tables are at {seq} of {incarnation}, {stream} is {info:?}")));
        }
    }
    found
}

#[cfg(test)]
mod planted;
