//! Query parameters: each is known, given once and well formed, or all that is wrong is said at once.

use axum::http::{StatusCode, Uri};
use hookwheel_core::Timestamp;
use hookwheel_runtime::problem::{Fault, Problem};
use hookwheel_store::PageRequest;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Longest value taken, bytes.
const LONGEST: usize = 1024;
const LIMITS: std::ops::RangeInclusive<u32> = 1..=200;
const DEFAULT_LIMIT: u32 = 50;

/// The parameters of one request. Ask for each known one, then [`Query::finish`].
pub(super) struct Query {
    given: Vec<(String, String)>,
    faults: Vec<Fault>,
}

/// The problem to which faults are added.
pub(super) fn refused() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "The query cannot be answered")
}

impl Query {
    pub(super) fn of(uri: &Uri) -> Self {
        let parsed = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        let mut query = Self { given: vec![], faults: vec![] };
        match parsed {
            Ok(pairs) => query.given = pairs.0,
            Err(_) => query.fault("", "name=value pairs, percent-encoded"),
        }
        query
    }

    /// Text to compare with, if given.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let wanted = format!("text of 1 to {LONGEST} bytes without control characters");
        self.take(name, &wanted, |text| {
            let sound = (1..=LONGEST).contains(&text.len()) && !text.chars().any(char::is_control);
            sound.then(|| text.to_owned())
        })
    }

    /// One of the words, if given.
    pub(super) fn word(&mut self, name: &str, words: &[&str]) -> Option<String> {
        let wanted = format!("one of {}", words.join(", "));
        self.take(name, &wanted, |text| words.contains(&text).then(|| text.to_owned()))
    }

    /// A point in time, if given.
    pub(super) fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.take(name, "a time such as 2026-11-21T10:00:00Z", |text| {
            let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
            i64::try_from(nanos.div_euclid(1000)).ok().map(Timestamp::from_micros)
        })
    }

    /// How many rows.
    pub(super) fn limit(&mut self) -> u32 {
        let wanted = format!("a number from {} to {}", LIMITS.start(), LIMITS.end());
        let given = self.take("limit", &wanted, |text| text.parse().ok().filter(|limit| LIMITS.contains(limit)));
        given.unwrap_or(DEFAULT_LIMIT)
    }

    /// Which page.
    pub(super) fn page(&mut self) -> PageRequest {
        PageRequest { limit: self.limit(), cursor: self.text("cursor") }
    }

    /// Refuses the request if anything was wrong, or was given and never asked for.
    pub(super) fn finish(mut self) -> Result<(), Box<Problem>> {
        for (name, _) in std::mem::take(&mut self.given) {
            self.fault(&name, "no such parameter here");
        }
        if self.faults.is_empty() {
            return Ok(());
        }
        let mut problem = refused();
        problem.errors = self.faults;
        Err(problem.into())
    }

    fn take<T>(&mut self, name: &str, wanted: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (mine, others) = std::mem::take(&mut self.given).into_iter().partition(|(given, _)| given == name);
        self.given = others;
        let mine: Vec<(String, String)> = mine;
        match mine.as_slice() {
            [] => None,
            [(_, text)] => {
                let value = read(text);
                if value.is_none() {
                    self.fault(name, wanted);
                }
                value
            }
            _ => {
                self.fault(name, "given once only");
                None
            }
        }
    }

    /// A parameter's name is shown only if it is a plain word: an error never echoes what a caller made up.
    fn fault(&mut self, name: &str, wanted: &str) {
        let plain = name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let pointer = match name {
            "" => "/query".to_owned(),
            name if plain => format!("/query/{name}"),
            _ => "/query/?".to_owned(),
        };
        self.faults.push(Fault { pointer, detail: wanted.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(uri: &str) -> Vec<String> {
        let mut query = Query::of(&uri.parse().unwrap());
        query.page();
        query.time("since");
        query.word("state", &["queued", "failed"]);
        query.text("entity");
        let errors = query.finish().err().map(|problem| problem.errors).unwrap_or_default();
        errors.into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).collect()
    }

    #[test]
    fn sound_parameters_pass() {
        assert_eq!(faults("/x"), [""; 0]);
        let all = "/x?limit=200&cursor=abc&since=2026-11-21T10:00:00.5%2B02:00&state=queued&entity=github:o/r:pr:7";
        assert_eq!(faults(all), [""; 0]);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        assert_eq!(
            faults("/x?limit=0&since=yesterday&state=Queued&entity=%00&nonsense=1&%3Cscript%3E=1"),
            [
                "/query/limit: a number from 1 to 200",
                "/query/since: a time such as 2026-11-21T10:00:00Z",
                "/query/state: one of queued, failed",
                "/query/entity: text of 1 to 1024 bytes without control characters",
                "/query/nonsense: no such parameter here",
                "/query/?: no such parameter here",
            ]
        );
        assert_eq!(faults("/x?state=queued&state=failed"), ["/query/state: given once only"]);
        for limit in ["201", "-1", "1e2", "", "99999999999"] {
            assert_eq!(faults(&format!("/x?limit={limit}")), ["/query/limit: a number from 1 to 200"], "{limit}");
        }
    }
}
