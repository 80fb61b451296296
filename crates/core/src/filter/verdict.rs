//! What a filter says and why: every clause with its outcome, and the one that decided.

use serde::Serialize;

use super::seen::cut;

/// Longest text of a deciding clause, characters.
const MAX_WORDS: usize = 300;

/// Whether a clause holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds, or it is not about events of this kind.
    Passed,
    /// It does not hold.
    Failed,
    /// It cannot be answered for this event.
    Error,
}

/// One rule of a filter as it came out for one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clause {
    /// The rule, in words.
    pub rule: String,
    /// Whether it holds.
    pub outcome: Outcome,
    /// The values it looked at: at most five, cut to 80 characters, credentials as `***`. Untrusted text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
    /// Why it came out so, where rule and values do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the note alone says why it stops an event.
    #[serde(skip)]
    pub(super) says_all: bool,
    /// The rules it is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Clause>,
}

/// All clauses of a filter for one event. They are asked one and all, also behind the one that decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verdict {
    /// In the order they are asked.
    pub clauses: Vec<Clause>,
}

impl Outcome {
    pub(super) fn of(holds: bool) -> Self {
        if holds { Self::Passed } else { Self::Failed }
    }

    /// All must hold. One that fails decides, whatever the ones say that cannot be answered.
    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(Self::Passed, |sum, part| match (sum, part) {
            (Self::Failed, _) | (_, Self::Failed) => Self::Failed,
            (Self::Error, _) | (_, Self::Error) => Self::Error,
            (Self::Passed, Self::Passed) => Self::Passed,
        })
    }

    /// One must hold. One that holds decides, whatever the ones say that cannot be answered.
    pub(super) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::all(parts.into_iter().map(Self::turned)).turned()
    }

    /// What cannot be answered has no opposite.
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Passed => Self::Failed,
            Self::Failed => Self::Passed,
            Self::Error => Self::Error,
        }
    }
}

impl Clause {
    pub(super) fn new(rule: impl Into<String>, outcome: Outcome) -> Self {
        Self { rule: rule.into(), outcome, seen: Vec::new(), note: None, says_all: false, parts: Vec::new() }
    }

    pub(super) fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Adds the whole reason why it fails, if it does.
    pub(super) fn failing_as(mut self, why: impl Into<String>) -> Self {
        if self.outcome == Outcome::Failed {
            self.note = Some(why.into());
            self.says_all = true;
        }
        self
    }

    pub(super) fn seeing(mut self, seen: Vec<String>) -> Self {
        self.seen = seen;
        self
    }

    pub(super) fn of_parts(mut self, parts: Vec<Clause>) -> Self {
        self.parts = parts;
        self
    }

    /// Why this clause stops an event, in one line.
    pub fn words(&self) -> String {
        let text = match self.outcome {
            Outcome::Error => format!("filter error: {}", self.reason()),
            Outcome::Passed | Outcome::Failed => self.reason(),
        };
        cut(&text, MAX_WORDS)
    }

    fn reason(&self) -> String {
        if let Some(part) = self.deciding_part() {
            return part.reason();
        }
        match (&self.note, self.outcome, self.seen.as_slice()) {
            (Some(note), Outcome::Error, _) => format!("{}: {note}", self.rule),
            (Some(note), _, _) if self.says_all => note.clone(),
            (Some(note), _, _) => format!("not met: {} ({note})", self.rule),
            (None, _, []) => format!("not met: {}", self.rule),
            (None, _, seen) => format!("not met: {} (seen: {})", self.rule, seen.join(", ")),
        }
    }

    /// The part with the same outcome, if it alone explains the whole.
    fn deciding_part(&self) -> Option<&Clause> {
        let mut same = self.parts.iter().filter(|part| part.outcome == self.outcome);
        let first = same.next()?;
        let alone = self.outcome == Outcome::Error || self.rule.starts_with("all ") || self.parts.len() == 1;
        alone.then_some(first)
    }
}

impl Verdict {
    /// Whether the event goes on.
    pub fn passed(&self) -> bool {
        self.decided_by().is_none()
    }

    /// The clause that stopped the event: the first that failed, else the first that could not be answered.
    pub fn decided_by(&self) -> Option<&Clause> {
        let first = |outcome| self.clauses.iter().find(|clause| clause.outcome == outcome);
        first(Outcome::Failed).or_else(|| first(Outcome::Error))
    }

    /// Why the filter could not be answered, if that is what stopped the event.
    pub fn error(&self) -> Option<String> {
        self.decided_by().filter(|clause| clause.outcome == Outcome::Error).map(Clause::words)
    }
}
