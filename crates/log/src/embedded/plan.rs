//! Decides how each waiting append ends, before anything is written. Pure.

use std::collections::HashMap;

use crate::{Append, Expect, LogError, Outcome, Seq};

/// The last record of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its position.
    pub seq: Seq,
    /// The writer's id for it.
    pub id: String,
}

/// One record that will be written.
#[derive(Debug)]
pub struct Row {
    /// Its position.
    pub seq: Seq,
    /// The record.
    pub append: Append,
}

/// The end of one stream while a group of appends is being decided.
#[derive(Debug)]
pub struct Sheet {
    stream: &'static str,
    heads: HashMap<String, Head>,
    last: Seq,
    room: Option<u64>,
    rows: Vec<Row>,
    bytes: u64,
}

impl Sheet {
    /// Starts behind position `last`, with `room` bytes left (`None`: no bound) and the last records of every subject
    /// that is about to be expected of.
    pub fn new(stream: &'static str, last: Seq, room: Option<u64>, heads: HashMap<String, Head>) -> Self {
        Self { stream, heads, last, room, rows: Vec::new(), bytes: 0 }
    }

    /// Gives the record its place or says why it has none. Later records see this one.
    pub fn place(&mut self, append: Append) -> Result<Outcome, LogError> {
        let subject = append.subject.as_str();
        if let Some(refused) = settle(append.expect, &append.id, self.heads.get(subject)) {
            return Ok(refused);
        }
        let size = append.size() as u64;
        if self.room.is_some_and(|room| self.bytes + size > room) {
            let why = format!("stream {} is full; let records age out or raise its max_bytes", self.stream);
            return Err(LogError::unavailable(why));
        }
        self.last += 1;
        self.bytes += size;
        self.heads.insert(subject.to_owned(), Head { seq: self.last, id: append.id.clone() });
        self.rows.push(Row { seq: self.last, append });
        Ok(Outcome::Stored(self.last))
    }

    /// The stream this is about.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The last position given.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// Bytes of the rows.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What is the last record of each subject once the rows are written.
    pub fn into_heads(self) -> HashMap<String, Head> {
        self.heads
    }
}

/// How an append ends without being written; `None`: it is to be written.
fn settle(expect: Expect, id: &str, head: Option<&Head>) -> Option<Outcome> {
    match (expect, head) {
        (Expect::Anything, _) | (Expect::Empty | Expect::Last(0), None) => None,
        (Expect::Empty, Some(head)) => Some(Outcome::AlreadyThere(head.seq)),
        (Expect::Last(_), None) => Some(Outcome::Conflict(0)),
        (Expect::Last(wanted), Some(head)) if head.seq == wanted => None,
        (Expect::Last(_), Some(head)) if head.id == id => Some(Outcome::AlreadyThere(head.seq)),
        (Expect::Last(_), Some(head)) => Some(Outcome::Conflict(head.seq)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;

    #[test]
    fn an_expectation_decides_before_anything_is_written() {
        let head = Head { seq: 7, id: "mine".into() };
        let cases = [
            (Expect::Anything, "new", Some(&head), None),
            (Expect::Empty, "new", None, None),
            (Expect::Empty, "mine", Some(&head), Some(Outcome::AlreadyThere(7))),
            (Expect::Empty, "new", Some(&head), Some(Outcome::AlreadyThere(7))),
            (Expect::Last(0), "new", None, None),
            (Expect::Last(0), "new", Some(&head), Some(Outcome::Conflict(7))),
            (Expect::Last(0), "mine", Some(&head), Some(Outcome::AlreadyThere(7))),
            (Expect::Last(3), "new", None, Some(Outcome::Conflict(0))),
            (Expect::Last(3), "mine", Some(&head), Some(Outcome::AlreadyThere(7))),
            (Expect::Last(3), "new", Some(&head), Some(Outcome::Conflict(7))),
            (Expect::Last(7), "new", Some(&head), None),
        ];
        for (expect, id, head, wanted) in cases {
            assert_eq!(settle(expect, id, head), wanted, "{expect:?} of {id} with {head:?}");
        }
    }

    #[test]
    fn records_see_those_before_them_and_a_full_stream_takes_what_still_fits() {
        let append = |subject: &str, id: &str, bytes: usize, expect| Append {
            subject: Subject::new(subject).unwrap(),
            id: id.into(),
            headers: vec![],
            payload: vec![0; bytes].into(),
            expect,
        };
        let mut sheet = Sheet::new("S", 10, Some(1_000), HashMap::new());
        assert_eq!(sheet.place(append("a", "1", 500, Expect::Empty)).unwrap(), Outcome::Stored(11));
        assert_eq!(sheet.place(append("a", "2", 1, Expect::Empty)).unwrap(), Outcome::AlreadyThere(11));
        assert!(sheet.place(append("b", "3", 600, Expect::Empty)).unwrap_err().is_transient());
        assert_eq!(sheet.place(append("b", "4", 100, Expect::Empty)).unwrap(), Outcome::Stored(12));
        assert_eq!((sheet.last(), sheet.rows().len(), sheet.bytes()), (12, 2, 604));
    }
}
