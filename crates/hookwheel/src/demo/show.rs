//! Showing the stages as they happen: a progress bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::stage::Sighting;
use crate::commands::send::Answer;
use crate::output::{self, Paint, shown};

/// Received, normalized, started, two turns, a tool call, finished, queryable, and the repeat.
const STEPS: u64 = 9;

/// Where the demo's talk goes: stderr.
pub struct Show {
    paint: Paint,
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl Show {
    /// A bar on a terminal; silence when asked for.
    pub fn new(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(STEPS);
            if let Ok(style) = ProgressStyle::with_template("{spinner} [{bar:27}] {pos}/{len} {msg}") {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { paint: Paint::stderr(), bar, quiet }
    }

    /// What is being done.
    pub fn note(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None => self.line(text),
        }
    }

    /// The intake has answered.
    pub fn answered(&mut self, answer: &Answer) {
        self.line(&format!("{:<12} {}", "answered", self.answer(answer)));
    }

    /// A stage was seen.
    pub fn stage(&mut self, sighting: &Sighting) {
        let title = format!("{:<12}", sighting.stage.title());
        let title = if sighting.failed { self.paint.bad(&title) } else { self.paint.good(&title) };
        self.step(&format!("{title} {}", shown(&sighting.what)), sighting.stage.title());
    }

    /// The rows are there.
    pub fn queryable(&mut self) {
        let line = format!("{} delivery, run and steps are rows; the API gives them", self.title("queryable"));
        self.step(&line, "queryable");
    }

    /// The same delivery was sent again.
    pub fn repeated(&mut self, answer: &Answer) {
        let line = format!("{} the same delivery again: {}", self.title("repeated"), self.answer(answer));
        self.step(&line, "repeated");
    }

    /// Nothing more comes.
    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn title(&self, text: &str) -> String {
        self.paint.good(&format!("{text:<12}"))
    }

    fn answer(&self, answer: &Answer) -> String {
        format!("{} {}", answer.status, shown(&answer.body.to_string()))
    }

    fn step(&mut self, line: &str, title: &'static str) {
        self.line(line);
        if let Some(bar) = &self.bar {
            bar.set_message(title);
            bar.inc(1);
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            _ if self.quiet => {}
            Some(bar) => bar.println(text),
            None => output::say(text),
        }
    }
}
