//! A run's request and journal, and the steps in it.

use hookwheel_core::journal::{CallKey, Entry, Finished, ModelTurn, Started, ToolCallFinished, ToolStatus, What};
use hookwheel_core::run::RunRequested;

use super::Work;
use super::delivery::{json, received_hint};
use crate::record::{RunRecord, StepRecord, int};
use crate::text::pack;

pub(super) const REQUESTED: &str = "requested";
const RUNNING: &str = "running";
const SUSPENDED: &str = "suspended";

/// Served-by names of the scripted model begin with this.
const SCRIPTED: &str = "scripted";

/// Whether a run in this state has ended.
pub(super) fn has_ended(state: &str) -> bool {
    !matches!(state, REQUESTED | RUNNING | SUSPENDED)
}

/// The request has the last word on what it shares with the journal's first entry, in whichever order they come.
pub(super) fn requested(row: &mut RunRecord, fact: RunRequested) {
    if row.requested {
        return;
    }
    row.delivery = Some(fact.delivery.into());
    row.webhook = Some(fact.webhook.into());
    row.route = Some(pack(fact.route));
    row.agent = Some(fact.agent.into());
    row.session = Some(fact.session.into());
    row.message = Some(pack(fact.message));
    row.requested = true;
    row.received_at = Some(fact.received_at.micros());
    row.entity = fact.entity.map(|key| pack(String::from(key)));
    row.event_index = fact.event_index.map(i64::from);
}

/// The step that an entry is about.
pub(super) fn step_key(what: &What) -> Option<String> {
    match what {
        What::ModelCallStarted { turn, .. } | What::ModelCallFailed { turn, .. } => Some(turn_key(*turn)),
        What::ModelTurn(turn) => Some(turn_key(turn.turn)),
        What::ToolCallDenied { call, .. } | What::ToolCallUncertain { call } => Some(call.to_string()),
        What::ToolCallStarted(started) => Some(started.call.to_string()),
        What::ToolCallFinished(finished) => Some(finished.call.to_string()),
        _ => None,
    }
}

impl Work {
    pub(super) fn journal(&mut self, entry: Entry) {
        let row = self.run(entry.run.as_str());
        if i64::from(entry.n) <= row.entries || has_ended(&row.state) {
            return;
        }
        row.entries = i64::from(entry.n);
        row.last_at = Some(entry.at.micros());
        row.started_at.get_or_insert(entry.at.micros());
        if row.state == REQUESTED {
            row.state = RUNNING.to_owned();
        }
        match &entry.what {
            What::Started(started) => begin(row, started),
            What::Claimed { .. } => {
                row.claims += 1;
                row.state = RUNNING.to_owned();
            }
            What::Resumed => row.state = RUNNING.to_owned(),
            What::Suspended { .. } => row.state = SUSPENDED.to_owned(),
            What::ModelTurn(turn) => answered(row, turn),
            What::ToolCallFinished(_) => row.tool_calls += 1,
            What::Finished(finished) => end(row, finished, entry.at.micros()),
            _ => {}
        }
        if let Some(key) = step_key(&entry.what) {
            self.step(key, entry);
        }
    }

    /// Opens the step if this is its first entry, and brings it up to date.
    fn step(&mut self, key: String, entry: Entry) {
        let calls = self.runs.now.get(entry.run.as_str()).and_then(|row| row.calls.as_deref());
        let step = self.steps.now.entry((entry.run.to_string(), key.clone())).or_insert_with(|| StepRecord {
            run: entry.run.to_string(),
            key,
            n: i64::from(entry.n),
            attempts: 1,
            started_at: entry.at.micros(),
            ..opened(&entry.what, calls)
        });
        match entry.what {
            What::ModelCallStarted { attempt, .. } => started(step, attempt),
            What::ModelCallFailed { attempt, detail, .. } => {
                step.attempts = i64::from(attempt);
                step.status = "failed".to_owned();
                step.result = Some(pack(detail));
            }
            What::ModelTurn(turn) => model_answered(step, turn),
            What::ToolCallStarted(call) => started(step, call.attempt),
            What::ToolCallFinished(call) => tool_answered(step, call),
            What::ToolCallDenied { rule, .. } => {
                step.status = "denied".to_owned();
                step.result = Some(pack(rule));
            }
            What::ToolCallUncertain { .. } => step.status = "uncertain".to_owned(),
            _ => {}
        }
    }
}

fn begin(row: &mut RunRecord, started: &Started) {
    if !row.requested {
        row.delivery = Some(started.delivery.to_string());
        row.webhook = Some(started.webhook.to_string());
        row.route = Some(pack(&started.route));
        row.agent = Some(started.agent.to_string());
        row.session = Some(started.session.to_string());
        row.message = Some(pack(&started.message));
        row.received_at = Some(received_hint(&started.delivery));
    }
}

fn answered(row: &mut RunRecord, turn: &ModelTurn) {
    row.turns += 1;
    row.scripted |= turn.served_by.starts_with(SCRIPTED);
    row.model = Some(pack(&turn.served_by));
    row.input_tokens = row.input_tokens.saturating_add(int(turn.usage.input));
    row.output_tokens = row.output_tokens.saturating_add(int(turn.usage.output));
    let calls: Vec<_> = turn.calls.iter().map(|call| (&call.tool, &call.arguments)).collect();
    row.calls = (!calls.is_empty()).then(|| json(&calls));
    if let Some(text) = &turn.text {
        row.text = Some(pack(text));
    }
}

fn end(row: &mut RunRecord, finished: &Finished, at: i64) {
    row.state = finished.outcome.as_str().to_owned();
    row.finished_at = Some(at);
    row.calls = None;
    row.error = finished.error.as_deref().map(pack);
    if !finished.text.is_empty() {
        row.text = Some(pack(&finished.text));
    }
}

/// What kind of step an entry opens. A tool's name and arguments are what the model asked for in its last turn.
fn opened(what: &What, calls: Option<&str>) -> StepRecord {
    let asked = |call: &CallKey| {
        let calls: Vec<(String, String)> = calls.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        calls.into_iter().nth(call.index as usize)
    };
    let (kind, name, arguments) = match what {
        What::ModelCallStarted { model, .. } => ("model", model.clone(), None),
        What::ModelTurn(turn) => ("model", turn.served_by.clone(), None),
        What::ToolCallStarted(started) => {
            ("tool", started.tool.clone(), asked(&started.call).map(|(_, arguments)| arguments))
        }
        What::ToolCallFinished(ToolCallFinished { call, .. })
        | What::ToolCallDenied { call, .. }
        | What::ToolCallUncertain { call } => {
            let (tool, arguments) = asked(call).unzip();
            ("tool", tool.unwrap_or_default(), arguments)
        }
        _ => ("model", String::new(), None),
    };
    StepRecord { kind: kind.to_owned(), name: pack(name), arguments: arguments.map(pack), ..StepRecord::default() }
}

fn started(step: &mut StepRecord, attempt: u32) {
    step.attempts = i64::from(attempt);
    step.status = "started".to_owned();
    step.result = None;
}

fn model_answered(step: &mut StepRecord, turn: ModelTurn) {
    step.attempts = i64::from(turn.attempt);
    step.status = "ok".to_owned();
    step.name = pack(turn.served_by);
    step.result = turn.text.map(pack);
    step.latency_ms = Some(int(turn.latency_ms));
    step.input_tokens = Some(int(turn.usage.input));
    step.output_tokens = Some(int(turn.usage.output));
}

fn tool_answered(step: &mut StepRecord, call: ToolCallFinished) {
    step.attempts = i64::from(call.attempt);
    step.status = match call.status {
        ToolStatus::Ok => "ok",
        ToolStatus::ToolError => "tool_error",
        ToolStatus::Timeout => "timeout",
    }
    .to_owned();
    step.result = Some(pack(call.result));
    step.latency_ms = Some(int(call.latency_ms));
}

fn turn_key(turn: u32) -> String {
    format!("t{turn}")
}
