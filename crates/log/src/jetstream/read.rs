//! Reading: the leader says what there is, any replica may hand it over.

use async_nats::{Message, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::api::{API, call, code};
use super::gather::{End, gather};
use super::link::{Link, TRY_WITHIN};
use super::wire::{pairs, parsed, taken_apart};
use crate::{LogError, Seq, Stored, SubjectFilter};

/// The most records asked for at once; the broker gives no more than 1,000.
const PAGE: usize = 500;
/// The most bytes asked for at once; the broker ends the page after the record that passes it.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The broker's wildcard form of a filter.
pub(super) fn pattern(filter: &SubjectFilter) -> String {
    match filter {
        SubjectFilter::All => ">".into(),
        SubjectFilter::Exactly(subject) => subject.as_str().into(),
        SubjectFilter::Under(prefix) => format!("{prefix}.>"),
    }
}

/// The last record of a subject, from the leader (T17).
pub(super) async fn last(link: &Link, stream: &str, subject: &str) -> Result<Option<Stored>, LogError> {
    from_leader(link, stream, &json!({ "last_by_subj": subject })).await
}

/// Up to `max` records from a position on, oldest first.
///
/// Replicas that lag hand over less than there is, so the end is only believed of the leader: each page is opened by
/// the leader's next record, and an empty answer of the leader ends the read.
pub(super) async fn read(
    link: &Link,
    stream: &str,
    filter: &SubjectFilter,
    from: Seq,
    max: usize,
) -> Result<Vec<Stored>, LogError> {
    let pattern = pattern(filter);
    let mut found: Vec<Stored> = Vec::new();
    let mut from = from.max(1);
    while found.len() < max {
        let next = json!({ "seq": from, "next_by_subj": pattern });
        let Some(record) = from_leader(link, stream, &next).await? else { break };
        from = record.seq + 1;
        found.push(record);
        let page = from_any(link, stream, &pattern, from, (max - found.len()).min(PAGE)).await?;
        from = page.last().map_or(from, |record| record.seq + 1);
        found.extend(page);
    }
    Ok(found)
}

#[derive(Deserialize)]
struct Got {
    message: RawMessage,
}

/// A message as the leader's JSON API hands it out.
#[derive(Deserialize)]
struct RawMessage {
    subject: String,
    seq: Seq,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
    time: String,
}

async fn from_leader(link: &Link, stream: &str, request: &serde_json::Value) -> Result<Option<Stored>, LogError> {
    match call::<Got>(link, &format!("STREAM.MSG.GET.{stream}"), request).await? {
        Ok(got) => stored(stream, got.message).map(Some),
        Err(error) if error.err_code == code::NO_MESSAGE => Ok(None),
        Err(error) => Err(error.about(&format!("stream {stream}"))),
    }
}

fn stored(stream: &str, message: RawMessage) -> Result<Stored, LogError> {
    let bytes = |text: &str| BASE64_STANDARD.decode(text).map_err(|_| garbled("base64"));
    let (id, headers) = taken_apart(parsed(&bytes(&message.hdrs)?));
    Ok(Stored {
        stream: stream.into(),
        seq: message.seq,
        subject: message.subject,
        id,
        headers,
        payload: bytes(&message.data)?.into(),
        at_micros: micros(&message.time)?,
    })
}

/// What some replica has of a page; a prefix of it when the replica lags or an answer is lost.
async fn from_any(link: &Link, stream: &str, pattern: &str, from: Seq, count: usize) -> Result<Vec<Stored>, LogError> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let request = Bytes::from(
        json!({ "seq": from, "next_by_subj": pattern, "batch": count, "max_bytes": PAGE_BYTES }).to_string(),
    );
    let subject = format!("{API}.DIRECT.GET.{stream}").into();
    // One more than wanted: the broker closes every page with a status.
    let gathered = gather(link, subject, request, count + 1, TRY_WITHIN).await?;
    match gathered.end {
        End::Status(StatusCode::NO_RESPONDERS, _) => {
            return Err(LogError::unavailable(format!("no replica of stream {stream} answers")));
        }
        End::Full | End::Status(..) | End::Silent => {}
    }
    let mut page: Vec<Stored> = Vec::with_capacity(gathered.messages.len());
    for message in gathered.messages {
        let (before, record) = direct(stream, message)?;
        // Each answer names the position of the one before it: at a gap, the rest is asked for again.
        if before != page.last().map_or(0, |last| last.seq) {
            break;
        }
        page.push(record);
    }
    Ok(page)
}

/// A record from a direct get, and the position of the answer before it.
fn direct(stream: &str, message: Message) -> Result<(Seq, Stored), LogError> {
    let all = message.headers.as_ref().map(pairs).unwrap_or_default();
    let named = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let number = |name| named(name).and_then(|value| value.parse::<Seq>().ok()).ok_or_else(|| garbled("position"));
    let (seq, before) = (number("Nats-Sequence")?, number("Nats-Last-Sequence")?);
    let subject = named("Nats-Subject").ok_or_else(|| garbled("subject"))?.to_owned();
    let at_micros = micros(named("Nats-Time-Stamp").ok_or_else(|| garbled("time"))?)?;
    let (id, headers) = taken_apart(all);
    let record = Stored { stream: stream.into(), seq, subject, id, headers, payload: message.payload, at_micros };
    Ok((before, record))
}

/// Microseconds since the epoch of the broker's RFC 3339 time.
fn micros(text: &str) -> Result<i64, LogError> {
    let parsed = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339);
    let nanos = parsed.map_err(|_| garbled("time"))?.unix_timestamp_nanos();
    i64::try_from(nanos.div_euclid(1_000)).map_err(|_| garbled("time"))
}

fn garbled(what: &str) -> LogError {
    LogError::Unfit(format!("the broker handed out a record without a readable {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;

    #[test]
    fn a_prefix_takes_what_is_below_it_and_not_itself() {
        let subject = Subject::new("hw.run").unwrap();
        assert_eq!(pattern(&SubjectFilter::Under(subject.clone())), "hw.run.>");
        assert_eq!(pattern(&SubjectFilter::Exactly(subject)), "hw.run");
    }

    #[test]
    fn times_are_read_to_the_microsecond() {
        assert_eq!(micros("1970-01-01T00:00:01.000002999Z").unwrap(), 1_000_002);
        assert!(micros("yesterday").is_err());
    }
}
