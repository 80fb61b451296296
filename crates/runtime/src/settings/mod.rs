//! Reading a TOML file with every mistake reported at once: file, line, what is wrong, what to write instead.
//!
//! ```
//! # use hookwheel_runtime::settings::Reader;
//! # use std::time::Duration;
//! let reader = Reader::parse("hookwheel.toml", "[server]\nlisten = 8080\ndrian = \"5s\"\n", []).unwrap();
//! let server = reader.root().table("server");
//! let listen: Option<std::net::SocketAddr> = server.parsed("listen", "an address and port like \"127.0.0.1:8080\"");
//! let drain = server.duration("drain", Duration::from_secs(25), Duration::ZERO..=Duration::from_secs(600));
//! drop(server); // reports the keys nobody asked for
//! let mistakes = reader.finish((listen, drain)).unwrap_err();
//! assert_eq!(mistakes.len(), 2);
//! assert_eq!(mistakes[1].to_string(), "hookwheel.toml:3:1: `drian` is not a setting of [server]; did you mean `drain`?");
//! ```
//!
//! A variable `HOOKWHEEL_SERVER__LISTEN` stands above the file's `[server] listen`.

mod mistake;
mod read;
mod scalar;
mod table;
pub mod units;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use toml_edit::Document;

pub use mistake::{Mistake, did_you_mean};
use mistake::{column, line};
pub use scalar::Scalar;
pub use table::Table;

const PREFIX: &str = "HOOKWHEEL_";
/// Stands for the dot in a variable's name.
const NESTED: &str = "__";

/// A parsed file, the variables above it, and the mistakes found so far.
pub struct Reader {
    file: String,
    document: Document<String>,
    variables: BTreeMap<String, String>,
    asked: RefCell<BTreeSet<String>>,
    mistakes: RefCell<Vec<Mistake>>,
}

impl Reader {
    /// Parses the file's text. `variables` are the environment's (`std::env::vars()`); others than `HOOKWHEEL_*` are
    /// ignored. Text that is not TOML gives the one mistake where parsing stopped.
    pub fn parse(
        file: &str,
        text: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Mistake> {
        let document = Document::parse(text.to_owned()).map_err(|cause| {
            let at = cause.span().map_or(0, |span| span.start);
            Mistake {
                file: file.to_owned(),
                line: line(text, at),
                column: column(text, at),
                what: format!("this is not TOML: {}", cause.message().replace('\n', ", ")),
                remedy: "the rest of the file is not checked until this is mended".to_owned(),
            }
        })?;
        Ok(Self {
            file: file.to_owned(),
            document,
            variables: variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect(),
            asked: RefCell::default(),
            mistakes: RefCell::default(),
        })
    }

    /// The outermost table.
    pub fn root(&self) -> Table<'_> {
        Table::new(self, vec![], Some(self.document.as_table()), 0)
    }

    /// Adds a mistake found elsewhere, to be reported with the others.
    pub fn note(&self, mistake: Mistake) {
        self.mistakes.borrow_mut().push(mistake);
    }

    /// The value, if nothing was wrong; else every mistake in the file's order.
    pub fn finish<T>(self, value: T) -> Result<T, Vec<Mistake>> {
        self.note_unknown_variables();
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        mistakes.dedup();
        if mistakes.is_empty() { Ok(value) } else { Err(mistakes) }
    }

    fn note_at(&self, offset: usize, what: String, remedy: String) {
        let text = self.document.raw();
        let (line, column) = (line(text, offset), column(text, offset));
        self.note(Mistake { file: self.file.clone(), line, column, what, remedy });
    }

    fn note_variable(&self, name: &str, what: String, remedy: String) {
        self.note(Mistake { file: name.to_owned(), line: 0, column: 0, what, remedy });
    }

    /// The variable that stands above a setting, if it is set. Remembers that the setting exists.
    fn variable(&self, path: &[String], key: &str) -> Option<(String, &str)> {
        let segments: Vec<String> = path.iter().map(String::as_str).chain([key]).map(shouted).collect();
        let name = format!("{PREFIX}{}", segments.join(NESTED));
        let set = self.variables.get(&name).map(|text| (name.clone(), text.as_str()));
        self.asked.borrow_mut().insert(name);
        set
    }

    /// A nested name can only be meant for the file's settings; a plain one may be a service's own option.
    fn note_unknown_variables(&self) {
        let asked = self.asked.borrow();
        for name in self.variables.keys().filter(|name| name.contains(NESTED) && !asked.contains(*name)) {
            let remedy = did_you_mean(name, asked.iter().map(String::as_str))
                .unwrap_or_else(|| "unset it, or see the settings in docs/operating/configuration.md".to_owned());
            self.note_variable(name, "this variable names no setting".to_owned(), remedy);
        }
    }
}

fn shouted(segment: &str) -> String {
    segment.to_ascii_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests;
