//! From meaning to records ready to append: subject, id, headers, bytes and the right expectation.
//!
//! Every record carries the headers `Hw-Kind` (such as `DeliveryReceived`), `Hw-Version` (`1`) and, where known,
//! `traceparent`. The trace is in the header alone, so that a repeat of a record has the same payload whichever span
//! wrote it. Records must stay under 1 MiB with their headers; whoever makes a long text or body bounds it.

use hookwheel_core::delivery::{DeliveryReceived, Notice};
use hookwheel_core::event::DeliveryOutcome;
use hookwheel_core::ids::SessionId;
use hookwheel_core::journal::Entry;
use hookwheel_core::run::RunRequested;
use hookwheel_log::{Append, Expect, Seq, Subject};
use prost::Message;

use crate::kind::{CURRENT, KIND, TRACEPARENT, VERSION, of_outcome};
use crate::{codec, topology};

/// The longest body, in bytes, that is kept inside DeliveryReceived; a longer one becomes a blob first.
pub const MAX_INLINE_BODY: usize = 512 * 1024;

/// DeliveryReceived, expecting an empty subject. Its id is the delivery's.
pub fn delivery_received(delivery: &DeliveryReceived) -> Append {
    let record = Append {
        subject: topology::delivery_subject(&delivery.webhook, &delivery.key.hash),
        id: delivery.delivery.to_string(),
        headers: headers("DeliveryReceived"),
        payload: bytes(&codec::delivery::write(delivery)),
        expect: Expect::Empty,
    };
    traced(record, delivery.traceparent.as_deref())
}

/// DeliveryNormalized, DeliveryFiltered or DeliveryUnroutable, expecting an empty subject. Its id is
/// `<delivery>:outcome`.
pub fn delivery_outcome(outcome: &DeliveryOutcome) -> Append {
    Append {
        subject: topology::event_subject(&outcome.delivery),
        id: format!("{}:outcome", outcome.delivery),
        headers: headers(of_outcome(&outcome.result)),
        payload: bytes(&codec::event::write(outcome)),
        expect: Expect::Empty,
    }
}

/// RunRequested, expecting an empty subject. Its id is the run's.
pub fn run_requested(request: &RunRequested) -> Append {
    let record = Append {
        subject: topology::request_subject(&request.session, &request.run),
        id: request.run.to_string(),
        headers: headers("RunRequested"),
        payload: bytes(&codec::run::write(request)),
        expect: Expect::Empty,
    };
    traced(record, request.traceparent.as_deref())
}

/// A wake: "look at this session". Expects nothing; `id` must be new for every wake.
pub fn wake(session: &SessionId, id: &str, traceparent: Option<&str>) -> Append {
    let record = expecting_nothing(topology::wake_subject(session), id, "Wake", &codec::run::write_wake(session));
    traced(record, traceparent)
}

/// A journal entry, expecting `last` as the journal's last position (0 for the first). Its id is `<run>:<epoch>:<n>`,
/// which two claimers of one epoch share: a writer adds something of its own, or each is told that the other's is "there".
pub fn run_entry(entry: &Entry, last: Seq) -> Append {
    let record = Append {
        subject: topology::run_subject(&entry.run),
        id: format!("{}:{}:{}", entry.run, entry.epoch, entry.n),
        headers: headers("RunEntry"),
        payload: bytes(&codec::journal::write(entry)),
        expect: Expect::Last(last),
    };
    traced(record, entry.traceparent.as_deref())
}

/// A notice; expects nothing.
pub fn notice(notice: &Notice, id: &str) -> Append {
    let subject = topology::notice_subject(&notice.webhook, notice.kind.as_str());
    expecting_nothing(subject, id, "Notice", &codec::notice::write(notice))
}

/// Says in which trace a record belongs, where its maker does not. Anything but a W3C traceparent is left out.
pub fn traced(mut record: Append, traceparent: Option<&str>) -> Append {
    if let Some(context) = traceparent.filter(|text| is_traceparent(text)) {
        record.headers.push((TRACEPARENT.into(), context.into()));
    }
    record
}

fn expecting_nothing(subject: Subject, id: &str, kind: &str, message: &impl Message) -> Append {
    Append { subject, id: id.into(), headers: headers(kind), payload: bytes(message), expect: Expect::Anything }
}

fn headers(kind: &str) -> hookwheel_log::Headers {
    vec![(KIND.into(), kind.into()), (VERSION.into(), CURRENT.into())]
}

fn bytes(message: &impl Message) -> bytes::Bytes {
    message.encode_to_vec().into()
}

/// `00-<32 hex>-<16 hex>-<2 hex>`: a header's value goes on the wire as it is, so nothing else may.
fn is_traceparent(text: &str) -> bool {
    text.len() == 55
        && text.bytes().enumerate().all(|(at, byte)| match at {
            2 | 35 | 52 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}
