//! What the rows must say, worked out from the whole story at once instead of fact by fact.

use hookwheel_core::event::Normalized;
use hookwheel_core::journal::{Entry, RunOutcome, What};

use super::history::Story;
use crate::{DeliveryRow, RunRow};

/// The row of a delivery whose every fact has been folded.
pub fn delivery_row(story: &Story) -> DeliveryRow {
    let Story { received, outcome, runs, duplicates } = story;
    let result = outcome.as_ref().map(|outcome| &outcome.result);
    let event = match result {
        Some(Normalized::Routed { event, .. } | Normalized::Filtered { event, .. }) => event.clone(),
        Some(Normalized::Unroutable { .. }) | None => Default::default(),
    };
    let (state, reason) = state(story);
    DeliveryRow {
        id: received.delivery.to_string(),
        webhook: received.webhook.to_string(),
        source: received.source.clone(),
        state: state.into(),
        event_type: event.event_type,
        entity: event.entity.map(String::from),
        actor: event.actor,
        delivery_key: received.key.text.clone(),
        received_at: received.received_at,
        body_size: received.body.len(),
        reason,
        runs: u32::try_from(runs.len()).unwrap(),
        duplicates: duplicates.len() as u64,
        trace_id: received.traceparent.as_ref().map(|text| text[3..35].to_owned()),
    }
}

fn state(story: &Story) -> (&'static str, Option<String>) {
    match story.outcome.as_ref().map(|outcome| &outcome.result) {
        Some(Normalized::Filtered { clause, .. }) => return ("filtered", Some(clause.clone())),
        Some(Normalized::Unroutable { reason }) => return ("unroutable", Some(reason.clone())),
        Some(Normalized::Routed { .. }) | None => {}
    }
    let decided = story.outcome.is_some();
    let ends: Vec<_> = story.runs.iter().filter_map(|(_, entries)| end(entries)).collect();
    if decided && !story.runs.is_empty() && ends.len() == story.runs.len() {
        return match ends.iter().find(|(outcome, _)| *outcome != RunOutcome::Completed) {
            None => ("completed", None),
            // Every story's failed runs say the same.
            Some((_, error)) => ("failed", error.clone()),
        };
    }
    if story.runs.iter().any(|(_, entries)| !entries.is_empty()) {
        return ("processing", None);
    }
    (if decided { "queued" } else { "received" }, None)
}

fn end(entries: &[Entry]) -> Option<(RunOutcome, Option<String>)> {
    entries.iter().find_map(|entry| match &entry.what {
        What::Finished(finished) => Some((finished.outcome, finished.error.clone())),
        _ => None,
    })
}

/// Rows of the story's runs.
pub fn run_rows(story: &Story) -> Vec<RunRow> {
    let count = |entries: &[Entry], wanted: fn(&What) -> bool| {
        u32::try_from(entries.iter().filter(|entry| wanted(&entry.what)).count()).unwrap()
    };
    let row = |(request, entries): &(_, Vec<Entry>)| {
        let request: &hookwheel_core::run::RunRequested = request;
        let turns = count(entries, |what| matches!(what, What::ModelTurn(_)));
        let end = end(entries);
        let waits = entries.iter().rev().find_map(|entry| match entry.what {
            What::Suspended { .. } => Some(true),
            What::Claimed { .. } | What::Resumed => Some(false),
            _ => None,
        });
        RunRow {
            id: request.run.to_string(),
            delivery: request.delivery.to_string(),
            event_index: request.event_index,
            webhook: request.webhook.to_string(),
            route: request.route.clone(),
            agent: request.agent.to_string(),
            session: request.session.to_string(),
            entity: request.entity.clone().map(String::from),
            state: match &end {
                Some((outcome, _)) => outcome.as_str(),
                None if waits == Some(true) => "suspended",
                None if entries.is_empty() => "requested",
                None => "running",
            }
            .into(),
            model: (turns > 0).then(|| "scripted/github-issue".into()),
            received_at: request.received_at,
            started_at: entries.first().map(|entry| entry.at),
            finished_at: end.as_ref().and_then(|_| entries.last()).map(|entry| entry.at),
            turns,
            tool_calls: count(entries, |what| matches!(what, What::ToolCallFinished(_))),
            input_tokens: u64::from(turns) * 100,
            output_tokens: u64::from(turns) * 10,
            claims: count(entries, |what| matches!(what, What::Claimed { .. })),
            text: match &end {
                Some(_) => Some("done".into()),
                None => (turns > 0).then(|| format!("turn {turns}")),
            },
            error: end.and_then(|(_, error)| error),
        }
    };
    story.runs.iter().map(row).collect()
}
