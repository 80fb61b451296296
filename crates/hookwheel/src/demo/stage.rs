//! The stages of a delivery, as the log's records tell them.

use hookwheel_core::delivery::DeliveryReceived;
use hookwheel_core::event::{DeliveryOutcome, Normalized};
use hookwheel_core::ids::RunId;
use hookwheel_core::journal::{Entry, ModelTurn, RunOutcome, ToolStatus, What};
use hookwheel_proto::Fact;

/// Said wherever a scripted model's words are shown.
pub use hookwheel_agent::scripted::LABEL as SCRIPTED;

/// The stages, in the order in which they happen; a run goes through turn and tool more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Verified, stored and fsynced.
    Received,
    /// Understood and routed.
    Normalized,
    /// A worker has the run.
    Started,
    /// The model has answered.
    Turn,
    /// A tool was executed.
    Tool,
    /// The run is over.
    Finished,
}

impl Stage {
    /// One word for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Normalized => "normalized",
            Self::Started => "run started",
            Self::Turn => "model turn",
            Self::Tool => "tool call",
            Self::Finished => "finished",
        }
    }
}

/// One stage, seen on the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Which.
    pub stage: Stage,
    /// What exactly, on one line.
    pub what: String,
    /// The run, from the start of it on.
    pub run: Option<RunId>,
    /// Whether this is an end that is no success.
    pub failed: bool,
    /// When the log stored the record, microseconds since the Unix epoch.
    pub at_micros: i64,
}

impl Sighting {
    /// What a record shows, if it is one of the stages.
    pub fn of(fact: &Fact, at_micros: i64) -> Option<Self> {
        match fact {
            Fact::DeliveryReceived(delivery) => Some(received(delivery, at_micros)),
            Fact::DeliveryOutcome(outcome) => Some(normalized(outcome, at_micros)),
            Fact::RunEntry(entry) => journal(entry, at_micros),
            _ => None,
        }
    }

    fn new(stage: Stage, what: String, at_micros: i64) -> Self {
        Self { stage, what, run: None, failed: false, at_micros }
    }
}

fn received(delivery: &DeliveryReceived, at: i64) -> Sighting {
    let (id, size, scheme) = (&delivery.delivery, delivery.body.len(), &delivery.proof.scheme);
    Sighting::new(Stage::Received, format!("{id}: {size} bytes, verified by {scheme}, fsynced"), at)
}

fn normalized(outcome: &DeliveryOutcome, at: i64) -> Sighting {
    let (what, failed) = match &outcome.result {
        Normalized::Routed { event, runs } => {
            let kind = event.event_type.as_deref().unwrap_or("an event");
            let about = event.entity.as_ref().map(|entity| format!(" about {entity}")).unwrap_or_default();
            (format!("{kind}{about}: {} run requested", runs.len()), false)
        }
        Normalized::Filtered { clause, .. } => (format!("filtered: {clause}"), true),
        Normalized::Unroutable { reason } => (format!("not understood: {reason}"), true),
    };
    Sighting { failed, ..Sighting::new(Stage::Normalized, what, at) }
}

fn journal(entry: &Entry, at: i64) -> Option<Sighting> {
    let (stage, what, failed) = match &entry.what {
        What::Started(started) => (Stage::Started, format!("{} by agent {}", entry.run, started.agent), false),
        What::ModelTurn(turn) => (Stage::Turn, model_turn(turn), false),
        What::ToolCallFinished(call) => {
            let worked = call.status == ToolStatus::Ok;
            (Stage::Tool, format!("{} took {} ms: {}", call.call, call.latency_ms, first_line(&call.result)), !worked)
        }
        What::Finished(end) => {
            let error = end.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
            (Stage::Finished, format!("{}{error}", end.outcome.as_str()), end.outcome != RunOutcome::Completed)
        }
        _ => return None,
    };
    Some(Sighting { run: Some(entry.run.clone()), failed, ..Sighting::new(stage, what, at) })
}

fn model_turn(turn: &ModelTurn) -> String {
    let wants: Vec<_> = turn.calls.iter().map(|call| call.tool.as_str()).collect();
    let wish = if wants.is_empty() { "says it is done".to_owned() } else { format!("asks for {}", wants.join(", ")) };
    let label = if turn.served_by.starts_with("scripted") { format!(" ({SCRIPTED})") } else { String::new() };
    format!("{} {wish}{label}", turn.served_by)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(80).collect()
}
