//! One append: the same record is tried again until its fate is known or the time is up.

use tokio::time::Instant;

use super::ack::{Ack, Refusal};
use super::api::{parse, pause};
use super::link::{CALL_WITHIN, Link, NoAnswer, TRY_WITHIN};
use super::read;
use super::settle::{Last, settled};
use super::wire::Wire;
use crate::{LogError, Outcome};

/// How one try ended without an outcome.
pub(super) enum Trouble {
    /// Tell the caller.
    Final(LogError),
    /// Try the same record again.
    Again(LogError),
}

impl From<Trouble> for LogError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Final(error) | Trouble::Again(error) => error,
        }
    }
}

/// Appends one record to a stream. `in_doubt`: the caller has tried to store it already and does not know.
pub(super) async fn append(link: &Link, stream: &str, wire: &Wire, mut in_doubt: bool) -> Result<Outcome, LogError> {
    link.ready()?;
    let deadline = Instant::now() + CALL_WITHIN;
    loop {
        match one_try(link, stream, wire, &mut in_doubt, deadline).await {
            Ok(outcome) => return Ok(outcome),
            Err(Trouble::Final(error)) => return Err(error),
            Err(Trouble::Again(error)) => pause(deadline, error).await?,
        }
        link.ready_by(deadline).await?;
    }
}

async fn one_try(
    link: &Link,
    stream: &str,
    wire: &Wire,
    in_doubt: &mut bool,
    deadline: Instant,
) -> Result<Outcome, Trouble> {
    let try_until = deadline.min(Instant::now() + TRY_WITHIN);
    let answer = link.request(wire.subject.clone(), Some(wire.header_map()), wire.payload.clone(), try_until).await;
    let message = answer.map_err(|no_answer| {
        *in_doubt |= no_answer.is_ambiguous();
        without_answer(no_answer)
    })?;
    // The broker says "duplicate" for an id it remembers: an earlier try, of this call or of one before, stored it.
    let error = match parse::<Ack>(&message.payload).map_err(Trouble::Final)? {
        Ok(ack) => return Ok(Outcome::Stored(ack.seq)),
        Err(error) => error,
    };
    match Refusal::of(&error, stream) {
        Refusal::Expectation => {
            let last = last(link, stream, wire).await?;
            settled(wire.expect, &wire.id, last.as_ref(), *in_doubt).ok_or_else(|| again("another writer was faster"))
        }
        Refusal::InFlight | Refusal::HoldsDuplicate => Err(again("the same subject or id is in flight")),
        Refusal::Later(error) => Err(Trouble::Again(error)),
        Refusal::NoBatches => Err(Trouble::Final(error.about(stream))),
        Refusal::Final(error) => Err(Trouble::Final(error)),
    }
}

/// What the subject's last record is, by the leader's word.
pub(super) async fn last(link: &Link, stream: &str, wire: &Wire) -> Result<Option<Last>, Trouble> {
    match read::last(link, stream, &wire.subject).await {
        Ok(last) => Ok(last.map(|record| Last { seq: record.seq, id: record.id })),
        Err(error) if error.is_transient() => Err(Trouble::Again(error)),
        Err(error) => Err(Trouble::Final(error)),
    }
}

/// Whether a request without an answer is worth another try.
pub(super) fn without_answer(no_answer: NoAnswer) -> Trouble {
    match no_answer {
        NoAnswer::NotSent(error) if !error.is_transient() => Trouble::Final(error),
        no_answer => Trouble::Again(no_answer.into()),
    }
}

fn again(why: &'static str) -> Trouble {
    Trouble::Again(LogError::unavailable(why))
}
