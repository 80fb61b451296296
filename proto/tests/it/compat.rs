//! Old readers with new bytes, lost headers, broken bytes.

use bytes::{BufMut as _, Bytes, BytesMut};
use hookwheel_core::journal::{Entry, What};
use hookwheel_log::Stored;
use hookwheel_proto::{Fact, decode, kind, record};

use crate::samples::{self, Sample};
use crate::stored;

/// Field 1000, a varint: nothing of the schema.
const NEW_FIELD: &[u8] = &[0xc0, 0x3e, 0x01];
const CANARY: &str = "canary-7f3a";

#[test]
fn a_field_of_a_newer_writer_is_skipped() {
    for Sample { name, record, fact } in samples::all() {
        assert_eq!(decode(&extended(stored(record), NEW_FIELD)).unwrap(), fact, "{name}");
    }
}

#[test]
fn a_new_field_inside_an_entry_is_skipped() {
    // RunEntry.body (field 6) again, now holding only the new field: for RunResumed, whose body was empty.
    let resumed = stored(sample("run-entry-v1-resumed").record);
    let body = [&[0x32, 0x03], NEW_FIELD].concat();
    let Fact::RunEntry(Entry { what, .. }) = decode(&extended(resumed, &body)).unwrap() else { panic!() };
    assert_eq!(what, What::Resumed);
}

#[test]
fn an_entry_of_a_newer_kind_is_carried_and_written_again_unchanged() {
    let Sample { record, fact, .. } = sample("run-entry-v1-unknown");
    let Fact::RunEntry(entry) = fact else { panic!() };
    assert_eq!(record::run_entry(&entry, 2).payload, record.payload);
}

#[test]
fn a_newer_value_is_an_error_that_asks_for_an_upgrade() {
    // Notice.kind and RunEntry -> ToolCallFinished.status would be misread by guessing.
    let notice = extended(stored(sample("notice-v1-duplicate").record), &[0x10, 0x09]);
    let error = decode(&notice).unwrap_err().to_string();
    assert!(error.contains("kind has the value 9") && error.contains("upgrade the reader"), "{error}");
}

#[test]
fn a_newer_kind_or_version_is_unknown_and_no_error() {
    let mut newer = stored(sample("wake-v1").record);
    set_header(&mut newer, kind::VERSION, "2");
    assert_eq!(decode(&newer).unwrap(), Fact::Unknown { kind: Some("Wake".into()) });

    let mut other = stored(sample("wake-v1").record);
    set_header(&mut other, kind::KIND, "SleepRequested");
    assert_eq!(decode(&other).unwrap(), Fact::Unknown { kind: Some("SleepRequested".into()) });
}

#[test]
fn without_headers_the_subject_says_what_a_record_is() {
    for Sample { name, record, fact } in samples::all() {
        let mut record = stored(record);
        record.headers.retain(|(header, _)| header == kind::TRACEPARENT);
        assert_eq!(decode(&record).unwrap(), fact, "{name}");
    }
    let mut foreign = stored(sample("wake-v1").record);
    foreign.headers.clear();
    foreign.subject = "hw.blob.x.0".into();
    assert_eq!(decode(&foreign).unwrap(), Fact::Unknown { kind: None });
}

#[test]
fn no_error_repeats_what_was_in_the_record() {
    let mut errors = 0;
    for Sample { record, .. } in samples::all() {
        for field in 1..16u8 {
            // The field again, as text that is no id, no number and no message; the last one counts.
            let mut broken = BytesMut::from(&[field << 3 | 2, CANARY.len() as u8][..]);
            broken.put(CANARY.as_bytes());
            if let Err(error) = decode(&extended(stored(record.clone()), &broken)) {
                let text = format!("{error} {error:?}");
                assert!(!text.contains("canary"), "{text}");
                errors += 1;
            }
        }
    }
    assert!(errors > 100, "only {errors} of the broken records were refused");
}

#[test]
fn a_cut_record_never_panics() {
    for Sample { record, .. } in samples::all() {
        for length in 0..record.payload.len() {
            let mut cut = stored(record.clone());
            cut.payload.truncate(length);
            let _ = decode(&cut);
        }
    }
}

#[test]
fn a_key_that_is_no_subject_token_is_refused() {
    // DeliveryReceived.key_hash (field 5) ends up in subjects.
    let broken = extended(stored(sample("delivery-received-v1").record), &[0x2a, 0x03, b'*', b'.', b'>']);
    assert!(decode(&broken).unwrap_err().why.contains("key_hash"));
}

#[test]
fn only_a_traceparent_becomes_a_header() {
    let session = hookwheel_core::ids::SessionId::parse(format!("ses_{}", "a".repeat(32))).unwrap();
    let forged = format!("{}\r\nNats-Msg-Id: x", &samples::TRACE[..30]);
    for (given, kept) in [(samples::TRACE, true), (forged.as_str(), false), ("", false)] {
        let wake = record::wake(&session, "w", Some(given));
        assert_eq!(wake.headers.iter().any(|(name, _)| name == kind::TRACEPARENT), kept, "{given:?}");
    }
}

fn sample(name: &str) -> Sample {
    samples::all().into_iter().find(|sample| sample.name == name).unwrap()
}

fn extended(mut record: Stored, bytes: &[u8]) -> Stored {
    record.payload = Bytes::from([&record.payload, bytes].concat());
    record
}

fn set_header(record: &mut Stored, name: &str, value: &str) {
    record.headers.iter_mut().find(|(header, _)| header == name).unwrap().1 = value.into();
}
