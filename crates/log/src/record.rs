//! Records: what is appended, what is stored, and how an append ended.

use bytes::Bytes;

use crate::LogError;

/// A record's position in its stream. The first record has 1; 0 means "before everything".
pub type Seq = u64;

/// Name-value pairs beside the payload, in order; names are ASCII.
pub type Headers = Vec<(String, String)>;

/// A dot-separated address of one line of records, such as `hw.run.r1`. No wildcard, no blank, under 255 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(String);

impl Subject {
    /// Checks and takes a subject.
    pub fn new(text: impl Into<String>) -> Result<Self, LogError> {
        let text = text.into();
        let sound = |token: &str| {
            !token.is_empty() && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        if text.len() < 255 && text.split('.').all(sound) {
            Ok(Self(text))
        } else {
            Err(LogError::Invalid { what: "subject", why: "tokens of [A-Za-z0-9_-] joined by dots".into() })
        }
    }

    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tokens between the dots.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which subjects a reader or a consumer wants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SubjectFilter {
    /// Every subject of the stream.
    All,
    /// Just this one.
    Exactly(Subject),
    /// Every subject that has these tokens first and at least one more: `hw.session.s1` takes `hw.session.s1.r7`.
    Under(Subject),
}

impl SubjectFilter {
    /// Whether a subject passes.
    pub fn takes(&self, subject: &str) -> bool {
        match self {
            Self::All => true,
            Self::Exactly(one) => one.as_str() == subject,
            Self::Under(prefix) => {
                subject.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.len() > 1 && rest.starts_with('.'))
            }
        }
    }
}

/// What must be true of the subject for the append to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Anything,
    /// No record has ever been kept under the subject (deduplication).
    Empty,
    /// The subject's last record is this one (single writer); 0 is the same as [`Expect::Empty`] for a first writer,
    /// but an unlike record found there is a conflict and not "already there".
    Last(Seq),
}

/// One record to append.
#[derive(Debug, Clone)]
pub struct Append {
    /// Where it goes; the stream follows from the layout.
    pub subject: Subject,
    /// The writer's own name for this very record, the same on every retry. Under 128 ASCII bytes.
    pub id: String,
    /// Name-value pairs; names must not start with `Nats-` or `Hw-Log-`.
    pub headers: Headers,
    /// The bytes.
    pub payload: Bytes,
    /// The expectation.
    pub expect: Expect,
}

/// The most bytes of headers in one record.
const MAX_HEADERS: usize = 32 * 1024;

impl Append {
    /// Bytes that count against a log's limit: subject, id, headers and payload.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        self.subject.as_str().len() + self.id.len() + headers + self.payload.len()
    }

    /// What every back end refuses: a record over the limit, an id or a header that some back end can't carry, a name
    /// that the log keeps for itself.
    pub(crate) fn check(&self, limit: usize) -> Result<(), LogError> {
        let invalid = |what, why: &str| Err(LogError::Invalid { what, why: why.into() });
        let size = self.size();
        if size > limit {
            return Err(LogError::TooLarge { size, limit });
        }
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        if headers > MAX_HEADERS {
            return Err(LogError::TooLarge { size: headers, limit: MAX_HEADERS });
        }
        if self.id.is_empty() || self.id.len() >= 128 || !self.id.bytes().all(|b| b.is_ascii_graphic()) {
            return invalid("record id", "1 to 127 visible ASCII bytes");
        }
        for (name, value) in &self.headers {
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic() && b != b':' && b != b',') {
                return invalid("header name", "visible ASCII bytes without colon and comma");
            }
            let lower = name.to_ascii_lowercase();
            if lower.starts_with("nats-") || lower.starts_with("hw-log-") {
                return invalid("header name", "Nats- and Hw-Log- are the log's own");
            }
            if value.trim() != value || value.chars().any(char::is_control) {
                return invalid("header value", "no control characters, no blank at either end");
            }
        }
        Ok(())
    }
}

/// How one append ended. Only `Stored` and `AlreadyThere` mean "durable".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Stored by this call, fsynced, at this position.
    Stored(Seq),
    /// With [`Expect::Empty`]: the subject has a record already (this one or another's), whose position this is.
    /// With [`Expect::Last`]: the subject's last record carries this record's id, so an earlier try had stored it.
    AlreadyThere(Seq),
    /// With [`Expect::Last`]: someone else wrote; the subject's last record is at this position. Nothing was written.
    Conflict(Seq),
}

/// One record as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The stream it is in.
    pub stream: String,
    /// Its position there.
    pub seq: Seq,
    /// Its subject.
    pub subject: String,
    /// The writer's id for it.
    pub id: String,
    /// Name-value pairs as appended.
    pub headers: Headers,
    /// The bytes as appended.
    pub payload: Bytes,
    /// When the log stored it, microseconds since the Unix epoch.
    pub at_micros: i64,
}

impl Stored {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}
