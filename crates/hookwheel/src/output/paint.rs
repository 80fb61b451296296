//! Colours, where they are wanted.

use std::io::IsTerminal as _;

/// Colours text, or leaves it alone: `NO_COLOR` and pipes say no, `CLICOLOR_FORCE` says yes.
#[derive(Debug, Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    /// For text on stdout.
    pub fn stdout() -> Self {
        Self(wanted(std::io::stdout().is_terminal()))
    }

    /// For text on stderr.
    pub fn stderr() -> Self {
        Self(wanted(std::io::stderr().is_terminal()))
    }

    /// Headings and labels.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Asides.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// It went well.
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// It deserves a look.
    pub fn odd(self, text: &str) -> String {
        self.with("33", text)
    }

    /// It went wrong.
    pub fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn wanted(terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("NO_COLOR") {
        return false;
    }
    terminal || (set("CLICOLOR_FORCE") && std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0"))
}
