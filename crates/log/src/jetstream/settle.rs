//! What a refused expectation means, given the last record of the subject: pure.

use crate::{Expect, Outcome, Seq};

/// The last record of a subject, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Last {
    pub seq: Seq,
    pub id: String,
}

/// How the append ended, or nothing when the expectation holds by now and the record should be tried again.
///
/// `in_doubt`: an earlier try of this very call may have stored the record. Then finding our own id means that it did.
pub(super) fn settled(expect: Expect, id: &str, last: Option<&Last>, in_doubt: bool) -> Option<Outcome> {
    let ours = |last: &Last| if in_doubt { Outcome::Stored(last.seq) } else { Outcome::AlreadyThere(last.seq) };
    match (expect, last) {
        (Expect::Anything, _) => None,
        (Expect::Empty | Expect::Last(_), Some(last)) if last.id == id => Some(ours(last)),
        (Expect::Empty, Some(last)) => Some(Outcome::AlreadyThere(last.seq)),
        (Expect::Last(expected), Some(last)) if last.seq == expected => None,
        (Expect::Last(_), Some(last)) => Some(Outcome::Conflict(last.seq)),
        (Expect::Empty | Expect::Last(0), None) => None,
        (Expect::Last(_), None) => Some(Outcome::Conflict(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(expect: Expect, last: Option<(Seq, &str)>, in_doubt: bool) -> Option<Outcome> {
        let last = last.map(|(seq, id)| Last { seq, id: id.into() });
        settled(expect, "mine", last.as_ref(), in_doubt)
    }

    #[test]
    fn an_empty_subject_that_is_not_is_already_there() {
        assert_eq!(settle(Expect::Empty, Some((3, "theirs")), false), Some(Outcome::AlreadyThere(3)));
        assert_eq!(settle(Expect::Empty, Some((3, "theirs")), true), Some(Outcome::AlreadyThere(3)));
        assert_eq!(settle(Expect::Empty, Some((3, "mine")), false), Some(Outcome::AlreadyThere(3)));
    }

    #[test]
    fn our_own_record_after_a_lost_answer_was_stored_by_this_call() {
        assert_eq!(settle(Expect::Empty, Some((3, "mine")), true), Some(Outcome::Stored(3)));
        assert_eq!(settle(Expect::Last(2), Some((3, "mine")), true), Some(Outcome::Stored(3)));
    }

    #[test]
    fn a_stale_writer_is_told_who_is_ahead() {
        assert_eq!(settle(Expect::Last(2), Some((5, "theirs")), false), Some(Outcome::Conflict(5)));
        assert_eq!(settle(Expect::Last(0), Some((5, "theirs")), false), Some(Outcome::Conflict(5)));
        assert_eq!(settle(Expect::Last(2), None, false), Some(Outcome::Conflict(0)));
    }

    #[test]
    fn an_expectation_that_holds_by_now_is_tried_again() {
        assert_eq!(settle(Expect::Last(5), Some((5, "theirs")), false), None);
        assert_eq!(settle(Expect::Last(0), None, false), None);
        assert_eq!(settle(Expect::Empty, None, true), None);
    }
}
