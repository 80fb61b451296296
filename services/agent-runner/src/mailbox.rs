//! A session's mailbox: requests in the order of arrival; the oldest that has not ended is the only one that may run.

use std::time::Duration;

use bytes::Bytes;
use hookwheel_core::ids::{RunId, SessionId};
use hookwheel_core::journal::What;
use hookwheel_core::run::RunRequested;
use hookwheel_log::{Log, LogError, Seq, Stored, SubjectFilter};
use hookwheel_proto::{Fact, decode, topology};

use crate::shared::Shared;
use crate::sweeper;

/// Requests read at once. A mailbox that fills a page gets a cursor.
const PAGE: usize = 32;
const CURSOR_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The oldest request of the session whose run has not ended.
pub(crate) async fn oldest_open(shared: &Shared, session: &SessionId) -> Result<Option<RunRequested>, LogError> {
    let mut page = read(&*shared.log, session, 1).await?;
    let long = page.len() == PAGE;
    let cursor = if long { read_cursor(shared, session).await? } else { 0 };
    if cursor > 0 {
        page = read(&*shared.log, session, cursor + 1).await?;
    }
    let (mut seen, mut passed) = (cursor, 0);
    let open = 'reading: loop {
        let last = page.len() < PAGE;
        for record in page {
            if let Some(request) = request(&record)
                && !has_ended(&*shared.log, &request.run).await?
            {
                break 'reading Some(request);
            }
            seen = record.seq;
            passed += 1;
        }
        if last {
            break None;
        }
        page = read(&*shared.log, session, seen + 1).await?;
    };
    if long && passed >= PAGE / 2 {
        write_cursor(shared, session, seen).await;
    }
    Ok(open)
}

/// Whether the run's journal has its last entry.
pub(crate) async fn has_ended(log: &dyn Log, run: &RunId) -> Result<bool, LogError> {
    let last = log.last(topology::RUNS, &topology::run_subject(run)).await?;
    let Some(Ok(Fact::RunEntry(entry))) = last.as_ref().map(decode) else { return Ok(false) };
    Ok(matches!(entry.what, What::Finished(_)))
}

/// A record of a mailbox that cannot be read is passed over: it names no run that could be driven, and whoever replays
/// the delivery gets a new one.
fn request(record: &Stored) -> Option<RunRequested> {
    match decode(record) {
        Ok(Fact::RunRequested(request)) => Some(request),
        Ok(_) => None,
        Err(cause) => {
            tracing::error!(%cause, "a run request is passed over: {cause}; replay its delivery after an update");
            None
        }
    }
}

async fn read(log: &dyn Log, session: &SessionId, from: Seq) -> Result<Vec<Stored>, LogError> {
    log.read(topology::EVENTS, &SubjectFilter::Under(topology::mailbox(session)), from, PAGE).await
}

/// A hint where to begin: everything up to this position has ended. 0 when there is none.
async fn read_cursor(shared: &Shared, session: &SessionId) -> Result<Seq, LogError> {
    let entry = shared.leases.get(&cursor_key(session)).await?;
    let text = entry.and_then(|entry| std::str::from_utf8(&entry.value).ok()?.parse().ok());
    Ok(text.unwrap_or(0))
}

/// Two workers may write it in any order: each value is true, and a lower one only costs reading.
async fn write_cursor(shared: &Shared, session: &SessionId, seen: Seq) {
    let value = Bytes::from(seen.to_string());
    if let Err(cause) = shared.leases.put(&cursor_key(session), value, Some(CURSOR_KEPT)).await {
        tracing::debug!(%cause, "a mailbox cursor was not written: {cause}");
    }
}

/// Whether a key of LEASES is a hint that outlives its writer, and not a claim: a mailbox cursor, or the sweeper's floor.
pub fn is_hint(key: &str) -> bool {
    key.starts_with("cursor.") || key == sweeper::FLOOR
}

fn cursor_key(session: &SessionId) -> String {
    format!("cursor.{session}")
}
