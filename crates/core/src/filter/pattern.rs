//! A regular expression of a filter: matched in linear time, bounded in size, compiled once.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// Longest pattern, bytes.
const MAX_SOURCE: usize = 1000;
/// Most memory a compiled pattern may take, bytes.
const MAX_COMPILED: usize = 512 << 10;
/// Longest text that is searched, bytes. A longer one is an error: half an answer would be a wrong one.
pub const MAX_TEXT: usize = 64 << 10;

/// A pattern and what it compiled to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern {
    source: String,
    /// `None` when a pattern that another version wrote down does not compile here.
    compiled: Option<Regex>,
}

/// Why a pattern is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// Over the limit of its source.
    #[error("the pattern is over {MAX_SOURCE} bytes")]
    TooLong,
    /// Over the limit of what it compiles to.
    #[error("the pattern takes over {} KiB when compiled", MAX_COMPILED >> 10)]
    TooLarge,
    /// It is no regular expression, or asks for what cannot be matched in linear time.
    #[error("the pattern is no regular expression of the kind that is known here")]
    Syntax,
}

impl Pattern {
    /// Compiles a pattern.
    pub fn parse(source: impl Into<String>) -> Result<Self, BadPattern> {
        let source = source.into();
        let compiled = Some(compile(&source)?);
        Ok(Self { source, compiled })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the text has a match somewhere, or why that cannot be said.
    pub(super) fn finds(&self, text: &str) -> Result<bool, String> {
        if text.len() > MAX_TEXT {
            return Err(format!("the text is over {} KiB", MAX_TEXT >> 10));
        }
        let regex = self.compiled.as_ref().ok_or("this version cannot compile the pattern")?;
        Ok(regex.is_match(text))
    }
}

impl From<String> for Pattern {
    fn from(source: String) -> Self {
        let compiled = compile(&source).ok();
        Self { source, compiled }
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.source
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

fn compile(source: &str) -> Result<Regex, BadPattern> {
    if source.len() > MAX_SOURCE {
        return Err(BadPattern::TooLong);
    }
    let built = RegexBuilder::new(source).size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED).nest_limit(50).build();
    built.map_err(|cause| match cause {
        regex::Error::CompiledTooBig(_) => BadPattern::TooLarge,
        _ => BadPattern::Syntax,
    })
}
