//! Takes known keys out of a front matter and remembers every mistake on the way.

use std::ops::RangeInclusive;

use super::node::{Entry, Front, Node};
use super::{Mistake, Warning};
use crate::tools::{BUILT_IN, TEST_TOOLS_VARIABLE};

/// Keys of Claude Code's subagents that mean nothing here.
const FOREIGN_KEYS: [&str; 12] = [
    "disallowedTools",
    "permissionMode",
    "skills",
    "mcpServers",
    "hooks",
    "memory",
    "background",
    "effort",
    "isolation",
    "color",
    "initialPrompt",
    "license",
];
/// Claude Code's own tools.
const FOREIGN_TOOLS: [&str; 16] = [
    "Agent",
    "Bash",
    "Edit",
    "Glob",
    "Grep",
    "LS",
    "MultiEdit",
    "NotebookEdit",
    "NotebookRead",
    "Read",
    "Skill",
    "Task",
    "TodoWrite",
    "WebFetch",
    "WebSearch",
    "Write",
];

/// What is left of a front matter, and what was wrong with the rest.
pub(super) struct Fields {
    left: Vec<Entry>,
    /// Every key that was asked for: the right spellings.
    known: Vec<&'static str>,
    mistakes: Vec<Mistake>,
    warnings: Vec<Warning>,
}

impl Fields {
    pub(super) fn new(front: Front) -> Self {
        let mut fields = Self { left: Vec::new(), known: Vec::new(), mistakes: Vec::new(), warnings: Vec::new() };
        for entry in front.0 {
            if fields.left.iter().any(|earlier| earlier.key == entry.key) {
                fields.mistake(entry.line, format!("{} is written twice", entry.key), "keep one");
            } else {
                fields.left.push(entry);
            }
        }
        fields
    }

    pub(super) fn mistake(&mut self, line: usize, what: impl Into<String>, remedy: impl Into<String>) {
        self.mistakes.push(Mistake { line, what: what.into(), remedy: remedy.into() });
    }

    pub(super) fn warn(&mut self, line: usize, what: impl Into<String>) {
        self.warnings.push(Warning { line, what: what.into() });
    }

    /// The line of a key that was not taken yet; 1 when it is absent.
    pub(super) fn line(&self, key: &str) -> usize {
        self.left.iter().find(|entry| entry.key == key).map_or(1, |entry| entry.line)
    }

    pub(super) fn text(&mut self, key: &'static str, longest: usize) -> Option<String> {
        let Entry { line, value, .. } = self.take(key)?;
        match value {
            Node::Text(text) if text.len() <= longest => Some(text.trim().to_owned()),
            Node::Text(_) => self.wrong(line, format!("{key} is longer than {longest} bytes"), "shorten it"),
            Node::Nothing => None,
            _ => self.wrong(line, format!("{key} is not a text"), format!("write {key}: \"...\"")),
        }
    }

    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let Entry { line, value, .. } = self.take(key)?;
        match value {
            Node::Number(number) if range.contains(&number) => Some(number),
            _ => {
                let remedy = format!("write a whole number from {} to {}", range.start(), range.end());
                self.wrong(line, format!("{key} does not fit"), remedy)
            }
        }
    }

    pub(super) fn choice(&mut self, key: &'static str, choices: &[&'static str]) -> Option<&'static str> {
        let line = self.line(key);
        let said = self.text(key, 64)?;
        let found = choices.iter().find(|choice| **choice == said).copied();
        found
            .or_else(|| self.wrong(line, format!("{key} is {said:?}"), format!("write one of: {}", choices.join(", "))))
    }

    /// A nested table's fields; none when the key is absent. Give them back with [`Self::absorb`].
    pub(super) fn table(&mut self, key: &'static str) -> Self {
        match self.take(key) {
            Some(Entry { value: Node::Table(front), .. }) => Self::new(front),
            Some(Entry { line, .. }) => {
                let _: Option<()> =
                    self.wrong(line, format!("{key} is not a table"), format!("write {key}: {{ max_turns: 8 }}"));
                Self::new(Front::default())
            }
            None => Self::new(Front::default()),
        }
    }

    pub(super) fn absorb(&mut self, mut inner: Self) {
        inner.report_unknown();
        self.mistakes.append(&mut inner.mistakes);
        self.warnings.append(&mut inner.warnings);
    }

    /// `tools`: a list, or one text with commas. Claude Code's own tools are left out with a warning.
    pub(super) fn tools(&mut self) -> Vec<String> {
        let Some(Entry { line, value, .. }) = self.take("tools") else { return Vec::new() };
        let named: Vec<(usize, Option<String>)> = match value {
            Node::Nothing => Vec::new(),
            Node::Text(text) => text.split(',').map(|name| (line, Some(name.trim().to_owned()))).collect(),
            Node::List(items) => items.into_iter().map(|(line, item)| (line, as_text(item))).collect(),
            _ => vec![(line, None)],
        };
        let mut tools = Vec::new();
        for (line, name) in named {
            let Some(name) = name else {
                self.mistake(line, "a tool is not a name", format!("name one of: {}", known_tools().join(", ")));
                continue;
            };
            if FOREIGN_TOOLS.contains(&name.split('(').next().unwrap_or(&name)) {
                self.warn(line, format!("tool {name} does not exist here and is left out"));
            } else if !known_tools().contains(&name.as_str()) {
                self.mistake(line, format!("there is no tool {name:?}"), suggest(&name, &known_tools()));
            } else if !name.is_empty() && !tools.contains(&name) {
                tools.push(name);
            }
        }
        tools
    }

    /// The warnings, or every mistake in the order of lines.
    pub(super) fn finish(mut self) -> Result<Vec<Warning>, Vec<Mistake>> {
        self.report_unknown();
        if self.mistakes.is_empty() {
            self.warnings.sort_by_key(|warning| warning.line);
            return Ok(self.warnings);
        }
        self.mistakes.sort_by_key(|mistake| mistake.line);
        Err(self.mistakes)
    }

    fn report_unknown(&mut self) {
        for entry in std::mem::take(&mut self.left) {
            if FOREIGN_KEYS.contains(&entry.key.as_str()) {
                self.warn(entry.line, format!("{} has no meaning here and is ignored", entry.key));
            } else {
                let remedy = suggest(&entry.key, &self.known);
                self.mistake(entry.line, format!("there is no key {:?}", entry.key), remedy);
            }
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Entry> {
        self.known.push(key);
        let at = self.left.iter().position(|entry| entry.key == key)?;
        Some(self.left.remove(at))
    }

    fn wrong<T>(&mut self, line: usize, what: String, remedy: impl Into<String>) -> Option<T> {
        self.mistake(line, what, remedy);
        None
    }
}

fn as_text(node: Node) -> Option<String> {
    match node {
        Node::Text(text) => Some(text.trim().to_owned()),
        _ => None,
    }
}

fn known_tools() -> Vec<&'static str> {
    let for_tests = std::env::var_os(TEST_TOOLS_VARIABLE).map(|_| "countable");
    BUILT_IN.into_iter().chain(for_tests).collect()
}

/// The nearest right spelling, or all of them.
fn suggest(wrong: &str, right: &[&'static str]) -> String {
    const NEAR: f64 = 0.7;
    let near = right.iter().map(|name| (strsim::jaro_winkler(&wrong.to_lowercase(), name), name));
    match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((likeness, name)) if likeness >= NEAR => format!("did you mean {name}?"),
        _ => format!("use one of: {}", right.join(", ")),
    }
}
