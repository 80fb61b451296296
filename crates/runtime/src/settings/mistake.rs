//! One mistake, where it is, and what was probably meant.

/// One mistake in a file or a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file as it was named, or the variable's name.
    pub file: String,
    /// From 1; 0 for a variable.
    pub line: usize,
    /// In characters, from 1; 0 for a variable.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub remedy: String,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}; {}", self.what, self.remedy)
    }
}

impl std::error::Error for Mistake {}

/// `did you mean ..?` with the nearest of the known names, if one is near.
pub fn did_you_mean<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let near = |name: &str| strsim::damerau_levenshtein(&wrong.to_lowercase(), &name.to_lowercase());
    let (distance, name) = known.into_iter().map(|name| (near(name), name)).min()?;
    let length = wrong.chars().count();
    (distance < length && distance <= (length / 3).clamp(1, 4)).then(|| format!("did you mean `{name}`?"))
}

/// The line of a byte offset, from 1.
pub(super) fn line(text: &str, offset: usize) -> usize {
    before(text, offset).matches('\n').count() + 1
}

/// The column of a byte offset, in characters, from 1.
pub(super) fn column(text: &str, offset: usize) -> usize {
    before(text, offset).chars().rev().take_while(|c| *c != '\n').count() + 1
}

fn before(text: &str, offset: usize) -> &str {
    text.get(..offset).unwrap_or(text)
}
