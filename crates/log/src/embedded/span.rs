//! A subject filter as a half-open range of subjects, which is what an index understands.

use crate::SubjectFilter;

/// Every subject `s` with `low <= s < high`, byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The first subject inside.
    pub low: String,
    /// The first subject behind.
    pub high: String,
}

impl Span {
    /// The range that holds exactly the subjects which the filter takes. Subjects are made of `-`, `.`, digits,
    /// letters and `_`: `/` is the byte after `.`, and `{` is behind them all.
    pub fn of(filter: &SubjectFilter) -> Self {
        match filter {
            SubjectFilter::All => Self { low: String::new(), high: "{".into() },
            SubjectFilter::Exactly(one) => Self { low: one.as_str().into(), high: format!("{one}\u{1}") },
            SubjectFilter::Under(prefix) => Self { low: format!("{prefix}."), high: format!("{prefix}/") },
        }
    }

    /// Whether no subject is outside.
    pub fn takes_all(&self) -> bool {
        self.low.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;

    #[test]
    fn a_span_holds_what_its_filter_takes() {
        let prefix = Subject::new("hw.run").unwrap();
        let filters = [SubjectFilter::All, SubjectFilter::Exactly(prefix.clone()), SubjectFilter::Under(prefix)];
        let subjects = ["hw", "hw.run", "hw.run.r1", "hw.run.r1.x", "hw.run-2.r1", "hw.runs", "hw.ru", "zzz", "-", "_"];
        for filter in &filters {
            let span = Span::of(filter);
            for subject in subjects {
                let inside = (span.low.as_str()..span.high.as_str()).contains(&subject);
                assert_eq!(inside, filter.takes(subject), "{filter:?} and {subject}");
            }
            assert_eq!(span.takes_all(), *filter == SubjectFilter::All);
        }
    }
}
