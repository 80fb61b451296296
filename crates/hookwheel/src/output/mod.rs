//! Talking to people and programs: data on stdout, talk on stderr, nothing from a payload unescaped.

mod escape;
mod paint;
mod table;

pub use escape::{shown, shown_block};
pub use paint::Paint;
pub use table::Table;

use std::io::Write as _;

use serde::Serialize;

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
}

/// `--output` and its short form `--json`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct OutputArgs {
    /// How data is written to stdout
    #[arg(long, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    output: Format,
    /// The same as --output json
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

impl OutputArgs {
    /// The format that was asked for.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.output }
    }

    /// Whether a program reads.
    pub fn for_programs(&self) -> bool {
        self.format() != Format::Table
    }
}

/// Writes a line of data to stdout. A reader that went away is no error.
pub fn print(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes a line of talk to stderr.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Writes one JSON document to stdout: indented for `json`, on one line for `jsonl`.
pub fn print_json(format: Format, value: &impl Serialize) {
    let text = match format {
        Format::Jsonl => serde_json::to_string(value),
        _ => serde_json::to_string_pretty(value),
    };
    print(text.unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}")));
}

/// `1 webhook`, `2 webhooks`.
pub fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
