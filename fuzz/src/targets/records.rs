//! Records of the log: what decodes is written again as bytes that decode to the same.

use bytes::Bytes;
use hookwheel_log::{Append, Stored};
use hookwheel_proto::kind::{KIND, KINDS, TRACEPARENT, VERSION};
use hookwheel_proto::{Fact, decode, record};

use crate::http_like::{Parts, named, written};
use crate::{Target, trace};

pub(super) const TARGET: Target = Target {
    name: "records",
    holds: "decoding is total, and encoding what was decoded is stable",
    run,
    seeds,
    weight: 1,
};

fn run(input: &[u8]) -> u64 {
    let parts = Parts::of(input, 1);
    let kind = named(&KINDS, parts.opening[0]);
    let context = parts.headers.text("traceparent").map(str::to_owned);
    let stored = stored(kind, context, parts.body);
    let fact = match decode(&stored) {
        Ok(fact) => fact,
        Err(error) => {
            assert!(!error.to_string().contains('\0') && error.to_string().len() < 400, "an error that quotes");
            return trace((kind, error.why.len()));
        }
    };
    let Some(first) = encode(&fact) else { return trace((kind, "unknown")) };
    let again = decode(&like(&first)).expect("what we wrote decodes");
    if first.headers.iter().any(|(name, _)| name == TRACEPARENT) || !has_context(&fact) {
        assert_eq!(again, fact, "another fact after writing and reading");
    }
    let second = encode(&again).expect("what was written once is written again");
    assert_eq!((&second.subject, &second.payload), (&first.subject, &first.payload), "bytes change");
    trace((kind, first.payload.len().min(64)))
}

/// Whether a fact names a trace. One that is no W3C traceparent is not written again.
fn has_context(fact: &Fact) -> bool {
    match fact {
        Fact::DeliveryReceived(fact) => fact.traceparent.is_some(),
        Fact::RunRequested(fact) => fact.traceparent.is_some(),
        Fact::RunEntry(fact) => fact.traceparent.is_some(),
        Fact::Notice(_) | Fact::DeliveryOutcome(_) | Fact::Wake(_) | Fact::Unknown { .. } => false,
    }
}

fn encode(fact: &Fact) -> Option<Append> {
    Some(match fact {
        Fact::DeliveryReceived(fact) => record::delivery_received(fact),
        Fact::Notice(fact) => record::notice(fact, "notice-1"),
        Fact::DeliveryOutcome(fact) => record::delivery_outcome(fact),
        Fact::RunRequested(fact) => record::run_requested(fact),
        Fact::Wake(session) => record::wake(session, "wake-1", None),
        Fact::RunEntry(fact) => record::run_entry(fact, 0),
        Fact::Unknown { .. } => return None,
    })
}

fn stored(kind: &str, context: Option<String>, payload: &[u8]) -> Stored {
    let mut headers = vec![(KIND.to_owned(), kind.to_owned()), (VERSION.to_owned(), "1".to_owned())];
    headers.extend(context.map(|context| (TRACEPARENT.to_owned(), context)));
    Stored {
        stream: "FUZZ".into(),
        subject: "hw.fuzz.1".into(),
        seq: 1,
        id: "fuzz-1".into(),
        at_micros: 0,
        headers,
        payload: Bytes::copy_from_slice(payload),
    }
}

fn like(record: &Append) -> Stored {
    Stored { headers: record.headers.clone(), payload: record.payload.clone(), ..stored("", None, b"") }
}

/// The golden records.
fn seeds() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/golden");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let golden = files.filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), std::fs::read(&path).ok()?)));
    let mut seeds: Vec<_> = golden.map(|(name, bytes)| written(&[kind(&name)], [], &bytes)).collect();
    seeds.sort();
    seeds
}

/// `RunEntry` of `run-entry-v1-started`.
fn kind(file: &str) -> &'static str {
    let plain = |text: &str| text.replace('-', "").to_ascii_lowercase();
    KINDS.iter().find(|kind| plain(file).starts_with(&plain(kind))).unwrap_or(&KINDS[0])
}
