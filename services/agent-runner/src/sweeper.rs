//! The sweeper: wakes sessions whose wake was lost. A backstop; it should find nothing, and counts when it does.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookwheel_core::ids::SessionId;
use hookwheel_core::run::RunRequested;
use hookwheel_core::time::Timestamp;
use hookwheel_log::{LogError, Outcome, Seq, Stored, Subject, SubjectFilter};
use hookwheel_proto::{Fact, decode, record, topology};
use tokio_util::sync::CancellationToken;

use crate::journal::Journal;
use crate::lease::Lease;
use crate::shared::Shared;
use crate::{admission, mailbox, telemetry};

/// A request or journal entry younger than this many sweeps needs no help.
const OLD_SWEEPS: u32 = 3;
/// Most records looked at in one sweep.
const MOST: usize = 10_000;
const PAGE: usize = 256;
pub(crate) const FLOOR: &str = "sweep.floor";
/// Longest pause between two helps for one session.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What the sweeper remembers between two sweeps; losing it costs only reading.
#[derive(Default)]
struct Memory {
    /// Positions above the floor whose runs have ended.
    ended: BTreeSet<Seq>,
    /// When a session may be helped again, and the pause after that.
    helped: HashMap<SessionId, (Timestamp, Duration)>,
}

/// Sweeps until `stop`. Of several replicas the one with the lease does it.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let (mut memory, mut lease) = (Memory::default(), None);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(shared.options.sweep) => {}
        }
        if !leads(&shared, &mut lease).await {
            continue;
        }
        if let Err(cause) = sweep(&shared, &mut memory).await {
            tracing::debug!(%cause, "a sweep was cut short: {cause}");
        }
    }
    if let Some(lease) = lease {
        lease.release().await;
    }
}

async fn leads(shared: &Shared, lease: &mut Option<Lease>) -> bool {
    if let Some(held) = lease {
        if held.renew().await.unwrap_or(false) {
            return true;
        }
        *lease = None;
    }
    let ttl = shared.options.sweep * 2;
    *lease = Lease::take(&shared.leases, "sweeper".into(), &shared.worker, ttl).await.unwrap_or(None);
    lease.is_some()
}

async fn sweep(shared: &Shared, memory: &mut Memory) -> Result<(), LogError> {
    let floor = read_floor(shared).await?;
    let (mut from, mut looked, mut new_floor, mut unbroken) = (floor + 1, 0, floor, true);
    let old = shared.now().micros() - micros(shared.options.sweep * OLD_SWEEPS);
    let filter = SubjectFilter::Under(all_sessions()?);
    'pages: while looked < MOST {
        let page = shared.log.read(topology::EVENTS, &filter, from, PAGE).await?;
        for stored in &page {
            if stored.at_micros > old {
                break 'pages;
            }
            let open = !memory.ended.contains(&stored.seq) && look(shared, memory, stored, old).await?;
            unbroken &= !open;
            if unbroken {
                new_floor = stored.seq;
            }
        }
        looked += page.len();
        from = page.last().map_or(from, |last| last.seq + 1);
        if page.len() < PAGE {
            break;
        }
    }
    memory.ended = memory.ended.split_off(&new_floor);
    if new_floor > floor {
        shared.leases.put(FLOOR, Bytes::from(new_floor.to_string()), None).await?;
    }
    Ok(())
}

/// Whether the request at this place is still open; helps its session if nothing has happened for long.
async fn look(shared: &Shared, memory: &mut Memory, stored: &Stored, old: i64) -> Result<bool, LogError> {
    let Ok(Fact::RunRequested(request)) = decode(stored) else { return Ok(false) };
    if mailbox::has_ended(&*shared.log, &request.run).await? {
        memory.ended.insert(stored.seq);
        memory.helped.remove(&request.session);
        return Ok(false);
    }
    if is_forgotten(shared, &request, old).await? && may_help(shared, memory, &request.session) {
        help(shared, &request).await?;
    }
    Ok(true)
}

/// Nobody has written for long, nobody holds the session, and the run neither rests nor waits for a limit.
async fn is_forgotten(shared: &Shared, request: &RunRequested, old: i64) -> Result<bool, LogError> {
    if shared.leases.get(&format!("session.{}", request.session)).await?.is_some() {
        return Ok(false);
    }
    let journal = Journal::read(&*shared.log, &request.run, String::new()).await?;
    if journal.is_new() && admission::is_pressed(shared, request).await? {
        return Ok(false);
    }
    Ok(journal.state.is_none_or(|state| state.last_at.micros() < old && state.rests_until(shared.now()).is_none()))
}

fn may_help(shared: &Shared, memory: &mut Memory, session: &SessionId) -> bool {
    let (now, first) = (shared.now(), shared.options.sweep);
    let (due, pause) = memory.helped.entry(session.clone()).or_insert((now, first));
    let may = *due <= now;
    if may {
        *due = now.plus(*pause);
        *pause = (*pause * 2).min(LONGEST_PAUSE);
    }
    may
}

async fn help(shared: &Shared, request: &RunRequested) -> Result<(), LogError> {
    let id = format!("sweep-{:016x}", rand::random::<u64>());
    let wake = record::wake(&request.session, &id, request.traceparent.as_deref());
    if let Outcome::Stored(_) = shared.log.append(wake).await? {
        telemetry::swept();
        tracing::warn!(session.id = %request.session, "session {} was forgotten and is woken again", request.session);
    }
    Ok(())
}

async fn read_floor(shared: &Shared) -> Result<Seq, LogError> {
    let entry = shared.leases.get(FLOOR).await?;
    Ok(entry.and_then(|entry| std::str::from_utf8(&entry.value).ok()?.parse().ok()).unwrap_or(0))
}

/// Everything under `hw.session`: the mailboxes' common prefix.
fn all_sessions() -> Result<Subject, LogError> {
    Subject::new("hw.session")
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
