//! The answers: a table for people, JSON for programs.

use hookwheel_core::filter::{Clause, Outcome, Verdict};
use serde_json::{Value, json};

use super::explain::{Answer, Explained};
use crate::output::{self, Format, Paint, Table};

/// Writes every answer as it was asked for.
pub fn answers(answers: &[Answer], format: Format) {
    match format {
        Format::Table => answers.iter().for_each(print),
        Format::Jsonl => answers.iter().for_each(|answer| output::print_json(format, &as_json(answer))),
        Format::Json => output::print_json(format, &answers.iter().map(as_json).collect::<Vec<_>>()),
    }
}

fn print(answer: &Answer) {
    let name = output::shown(&answer.name);
    match &answer.fate {
        Err(why) => {
            output::print(format!("{name}: {} {}\n", Paint::stdout().odd("not explained:"), output::shown(why)))
        }
        Ok(explained) => {
            output::print(format!("{name} at {}: {}", explained.webhook, headline(explained)));
            table(explained).print();
            output::print("");
        }
    }
}

/// The event, and what it would start or what stopped it.
fn headline(explained: &Explained) -> String {
    let paint = Paint::stdout();
    let event = output::shown(explained.event.event_type.as_deref().unwrap_or("an event without a type")).to_string();
    match explained.decision.taken() {
        Ok(_) => format!("{event} {} {}", paint.good("would start"), output::shown(&explained.starts().join(", "))),
        Err(clause) => format!("{event} {} {}", paint.odd("would start nothing:"), output::shown(&clause)),
    }
}

fn table(explained: &Explained) -> Table {
    let mut table = Table::new(&["asked by", "outcome", "clause", "seen", "note"]);
    rows(&mut table, "webhook", &explained.decision.webhook);
    for (route, verdict) in explained.routes.iter().zip(&explained.decision.routes) {
        rows(&mut table, &format!("route {route}"), verdict);
    }
    table
}

fn rows(table: &mut Table, asked_by: &str, verdict: &Verdict) {
    if verdict.clauses.is_empty() {
        table.row([asked_by, "passed", "no filter", "", ""]);
    }
    let decided = verdict.decided_by();
    for clause in &verdict.clauses {
        let outcome = match decided.is_some_and(|decided| std::ptr::eq(decided, clause)) {
            true => format!("{}: decided", outcome(clause.outcome)),
            false => outcome(clause.outcome).to_owned(),
        };
        table.row([asked_by, &outcome, &clause.rule, &clause.seen.join(", "), clause.note.as_deref().unwrap_or("")]);
        parts(table, asked_by, clause, 1);
    }
}

/// What a clause is made of, below it.
fn parts(table: &mut Table, asked_by: &str, clause: &Clause, depth: usize) {
    for part in &clause.parts {
        let rule = format!("{}{}", "- ".repeat(depth), part.rule);
        let note = part.note.as_deref().unwrap_or("");
        table.row([asked_by, outcome(part.outcome), &rule, &part.seen.join(", "), note]);
        parts(table, asked_by, part, depth + 1);
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Error => "error",
    }
}

fn as_json(answer: &Answer) -> Value {
    match &answer.fate {
        Err(why) => json!({ "delivery": answer.name, "error": why }),
        Ok(explained) => {
            let starts = explained.starts();
            let route = |(name, verdict): (&String, &Verdict)| {
                json!({
                    "route": name,
                    "starts": starts.contains(&name.as_str()),
                    "stopped_by": verdict.decided_by().map(Clause::words),
                    "clauses": verdict.clauses,
                })
            };
            let routes = explained.routes.iter().zip(&explained.decision.routes).map(route).collect::<Vec<_>>();
            json!({
                "delivery": answer.name,
                "webhook": explained.webhook,
                "event_type": explained.event.event_type,
                "entity": explained.event.entity.as_ref().map(|entity| entity.as_str()),
                "actor": explained.event.actor,
                "starts": starts,
                "stopped_by": explained.decision.taken().err(),
                "clauses": explained.decision.webhook.clauses,
                "routes": routes,
            })
        }
    }
}
