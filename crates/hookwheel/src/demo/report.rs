//! What the demo tells at its end, and whether it all really happened.

use serde::Serialize;
use serde_json::{Value, json};

use super::stage::{SCRIPTED, Sighting, Stage};
use super::summary::{Recorded, text};
use super::workshop::{NEXT_STEPS, Workshop};
use crate::commands::send::Answer;
use crate::exit::Failure;
use crate::output::{self, Paint, Table};
use crate::wheel::Wheel;

/// What was recorded of the demo's delivery.
pub struct Report {
    recorded: Recorded,
    first: Answer,
    repeat: Answer,
    timings: Timings,
    notes: String,
    notes_path: String,
    inspector: String,
}

/// Milliseconds from the moment the request was sent; a stage that was not seen has none.
#[derive(Debug, Clone, Copy, Serialize)]
struct Timings {
    received: Option<f64>,
    normalized: Option<f64>,
    run_started: Option<f64>,
    model_turn: Option<f64>,
    tool_call: Option<f64>,
    finished: Option<f64>,
    queryable: Option<f64>,
}

impl Timings {
    fn new(sightings: &[Sighting], sent_at: i64, queryable_at: i64) -> Self {
        let since = |at: i64| (at - sent_at).max(0) as f64 / 1000.0;
        let first = |stage| sightings.iter().find(|sighting| sighting.stage == stage).map(|s| since(s.at_micros));
        Self {
            received: first(Stage::Received),
            normalized: first(Stage::Normalized),
            run_started: first(Stage::Started),
            model_turn: first(Stage::Turn),
            tool_call: first(Stage::Tool),
            finished: first(Stage::Finished),
            queryable: Some(since(queryable_at)),
        }
    }
}

impl Report {
    /// Gathers what there is to tell.
    pub(super) fn new(
        workshop: &Workshop,
        wheel: &Wheel,
        (first, repeat): (Answer, Answer),
        recorded: Recorded,
        sightings: &[Sighting],
        (sent_at, queryable_at): (i64, i64),
    ) -> Self {
        Self {
            recorded,
            first,
            repeat,
            timings: Timings::new(sightings, sent_at, queryable_at),
            notes: std::fs::read_to_string(workshop.notes()).unwrap_or_default(),
            notes_path: workshop.notes().display().to_string(),
            inspector: format!("http://{}/", wheel.addresses().api),
        }
    }

    /// Whether everything really happened; the first thing that did not is the failure.
    pub fn verdict(&self) -> Result<(), Failure> {
        let (delivery, run) = (&self.recorded.delivery, &self.recorded.run);
        let claims = [
            (self.first.status == 202, "the delivery was accepted"),
            (text(delivery, "/scheme") == "github_hmac_sha256", "its signature was verified"),
            (text(delivery, "/state") == "completed", "the delivery completed"),
            (text(run, "/state") == "completed", "its run completed"),
            (self.tool_calls().iter().any(|call| call["status"] == "ok"), "a tool call worked"),
            (!text(run, "/id").is_empty() && self.notes.contains(text(run, "/id")), "the note was written"),
            (self.repeat.status == 200, "the repeat was answered 200"),
            (text(&self.repeat.body, "/status") == "deduplicated", "the repeat was deduplicated"),
            (self.repeat.delivery() == self.first.delivery(), "the repeat got the first delivery's id"),
        ];
        match claims.iter().find(|(holds, _)| !holds) {
            None => Ok(()),
            Some((_, claim)) => Err(Failure::failed(format!("this did not happen: {claim}"))),
        }
    }

    /// One object for programs.
    pub fn json(&self) -> Value {
        let (delivery, run) = (&self.recorded.delivery, &self.recorded.run);
        json!({
            "delivery": { "id": delivery["id"], "state": delivery["state"] },
            "run": { "id": run["id"], "state": run["state"] },
            "tool_calls": self.tool_calls(),
            "timings_ms": self.timings,
            "repeat": { "state": self.repeat.body["status"], "id": self.repeat.body["delivery_id"] },
            "inspector": self.inspector,
            "model": format!("{} ({SCRIPTED})", text(run, "/model")),
        })
    }

    /// Everything for people.
    pub fn print(&self) {
        let paint = Paint::stdout();
        output::print(paint.bold("\nWhat was recorded (read back from the API)"));
        self.facts().print();
        output::print(paint.bold("\nWhat the agent wrote"));
        output::print(paint.dim(&self.notes_path));
        output::print(output::shown_block(self.notes.trim_end()));
    }

    /// Where to look, and what to do with a model of one's own.
    pub fn print_next_steps(&self) {
        let paint = Paint::stdout();
        output::print(format!("\n{} {}", paint.bold("Look around:"), self.inspector));
        output::print(
            paint.bold("\nNext: let a real model answer. Write one of these into hookwheel.toml, then `hookwheel up`"),
        );
        for (number, (title, toml)) in NEXT_STEPS.iter().enumerate() {
            output::print(format!("\n{}. {title}", number + 1));
            for line in toml.lines() {
                output::print(format!("   {}", paint.dim(line)));
            }
        }
    }

    fn facts(&self) -> Table {
        let (delivery, run) = (&self.recorded.delivery, &self.recorded.run);
        let mut table = Table::facts();
        table.row(["delivery", &format!("{} {}", text(delivery, "/id"), text(delivery, "/state"))]);
        table.row(["verified by", text(delivery, "/scheme")]);
        table.row(["event", &format!("{} about {}", text(delivery, "/event_type"), text(delivery, "/entity"))]);
        table.row(["run", &format!("{} {}", text(run, "/id"), text(run, "/state"))]);
        table.row(["agent", text(run, "/agent")]);
        table.row(["model", &format!("{} ({SCRIPTED})", text(run, "/model"))]);
        for step in run["steps"].as_array().into_iter().flatten() {
            let took = step["latency_ms"].as_u64().map(|ms| format!(", {ms} ms")).unwrap_or_default();
            let kind = format!("{} {}", text(step, "/kind"), text(step, "/key"));
            table.row([&kind, &format!("{} {}{took}", text(step, "/name"), text(step, "/status"))]);
        }
        table.row([
            "sent again",
            &format!("{} {}", text(&self.repeat.body, "/status"), text(&self.repeat.body, "/delivery_id")),
        ]);
        table
    }

    fn tool_calls(&self) -> Vec<Value> {
        let steps = self.recorded.run["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
        let tools = steps.iter().filter(|step| step["kind"] == "tool");
        tools.map(|step| json!({ "call": step["key"], "tool": step["name"], "status": step["status"] })).collect()
    }
}
