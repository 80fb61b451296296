//! The note that is kept of a record nobody could handle (L9): the same for every back end.

use bytes::Bytes;

use crate::{Append, Expect, LogError, Stored, Subject};

/// The stream of parked records; their subjects are `hw.parked.<consumer>.<seq>`.
pub const STREAM: &str = "PARKED";
/// Why it was parked.
pub const REASON: &str = "Hw-Log-Reason";
/// The stream of the record.
pub const ORIGIN: &str = "Hw-Log-Stream";
/// Its position there.
pub const SEQ: &str = "Hw-Log-Seq";
/// Its subject.
pub const SUBJECT: &str = "Hw-Log-Subject";
/// The reason of a record that was handed out too often.
pub const TOO_MANY_ATTEMPTS: &str = "attempt limit reached";

/// Bytes of a reason that are kept.
const REASON_BYTES: usize = 1_000;

/// The note: it points to the record, which stays where it is. Appending it again is harmless.
pub(crate) fn note(consumer: &str, record: &Stored, reason: &str) -> Result<Append, LogError> {
    Ok(Append {
        subject: Subject::new(format!("hw.parked.{consumer}.{}", record.seq))?,
        id: format!("parked.{consumer}.{}", record.seq),
        headers: vec![
            (REASON.into(), one_line(reason)),
            (ORIGIN.into(), record.stream.clone()),
            (SEQ.into(), record.seq.to_string()),
            (SUBJECT.into(), record.subject.clone()),
        ],
        payload: Bytes::new(),
        expect: Expect::Empty,
    })
}

/// A header value can't hold a line end, and a reason may quote what it failed on.
fn one_line(reason: &str) -> String {
    let end = reason.floor_char_boundary(REASON_BYTES);
    let line: String = reason[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.trim().is_empty() { "no reason given".into() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_bounded_length() {
        assert_eq!(one_line("a\r\nb\u{7f}"), "a  b ");
        assert_eq!(one_line(" \n"), "no reason given");
        assert!(one_line(&"é".repeat(2_000)).len() <= REASON_BYTES);
    }
}
