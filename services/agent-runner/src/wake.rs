//! One wake: looks at a session, and drives its runs one after the other until none is left.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookwheel_core::ids::SessionId;
use hookwheel_core::run::RunRequested;
use hookwheel_log::{Held, LogError};
use hookwheel_proto::{Fact, decode};
use hookwheel_runtime::trace;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::drive::{self, End};
use crate::heartbeat::Heartbeat;
use crate::journal::{Halt, Journal};
use crate::lease::Lease;
use crate::shared::Shared;
use crate::{admission, mailbox, telemetry};

/// First delay of a wake whose session somebody else has; doubles with each attempt up to the lease's time.
const TAKEN: Duration = Duration::from_secs(2);
/// Longest delay of a wake whose session's run is suspended.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Delay of a wake after trouble with the log.
const TROUBLE: Duration = Duration::from_secs(2);

/// How a look at a session ended.
enum Look {
    /// Nothing is runnable any more.
    Done,
    /// Somebody must look again after this long.
    Later(Duration),
}

/// What a worker has in hand while it looks after a session.
struct Visit<'a> {
    shared: &'a Shared,
    session: &'a SessionId,
    wake: &'a Arc<dyn hookwheel_log::Lease>,
    attempt: u32,
    stop: &'a CancellationToken,
}

/// Looks after one wake to its end: acknowledged only by a worker that saw the mailbox without a runnable request.
pub(crate) async fn handle(shared: &Shared, held: Held, stop: &CancellationToken) {
    let began = Instant::now();
    let (record, attempt) = (held.record, held.attempt);
    let wake: Arc<dyn hookwheel_log::Lease> = Arc::from(held.lease);
    telemetry::waited(shared.now(), &record, attempt);
    let Ok(Fact::Wake(session)) = decode(&record) else {
        tracing::error!(record.seq = record.seq, "record {} is not a wake; it is parked", record.seq);
        telemetry::parked(began, wake.park("not a readable wake").await);
        return;
    };
    let span = tracing::info_span!("process wake", otel.kind = "consumer", session.id = %session, attempt);
    trace::add_link(&span, record.header("traceparent"));
    let mut lease = None;
    let visit = Visit { shared, session: &session, wake: &wake, attempt, stop };
    let look = visit.look(&mut lease).instrument(span).await.unwrap_or_else(|cause| {
        tracing::warn!(%cause, session.id = %session, "session {session} is looked at again later: {cause}");
        Look::Later(TROUBLE)
    });
    match look {
        // Before the lease goes: the wake of a request that arrives in between finds it taken and comes back.
        Look::Done => {
            telemetry::acked(began, wake.ack().await);
            release(lease).await;
        }
        Look::Later(delay) => {
            release(lease).await;
            telemetry::naked(began, wake.nak(delay).await);
        }
    }
}

async fn release(lease: Option<Arc<Lease>>) {
    if let Some(lease) = lease {
        lease.release().await;
    }
}

impl Visit<'_> {
    async fn look(&self, taken: &mut Option<Arc<Lease>>) -> Result<Look, LogError> {
        let Some((request, journal)) = self.oldest_open().await? else { return Ok(Look::Done) };
        if let Some(rest) = rest(self.shared, &journal) {
            return Ok(Look::Later(rest));
        }
        if journal.is_new()
            && let Some(wait) = admission::closed(self.shared, &request).await?
        {
            return Ok(Look::Later(wait));
        }
        let options = &self.shared.options;
        let (key, owner) =
            (format!("session.{}", self.session), format!("{} {}", self.shared.worker, journal.writer()));
        let Some(lease) = Lease::take(&self.shared.leases, key, &owner, options.lease).await? else {
            return Ok(Look::Later(patience(self.attempt, options.lease)));
        };
        let lease = Arc::clone(taken.insert(Arc::new(lease)));
        let every = (options.ack_wait / 3).min(options.lease / 3);
        let heart = Heartbeat::start(Arc::clone(self.wake), lease, every, LONGEST_REST);
        self.drive_all(request, journal, &heart).await
    }

    /// Runs of the session, oldest first, until none is runnable.
    async fn drive_all(&self, request: RunRequested, journal: Journal, heart: &Heartbeat) -> Result<Look, LogError> {
        let mut open = Some((request, journal));
        while let Some((request, journal)) = open {
            if self.stop.is_cancelled() {
                return Ok(Look::Later(Duration::ZERO));
            }
            if let Some(rest) = rest(self.shared, &journal) {
                return Ok(Look::Later(rest));
            }
            match drive::to_its_end(self.shared, &request, journal, heart, self.stop).await {
                Ok(End::Finished) => {}
                Ok(End::Resting(rest)) => return Ok(Look::Later(rest.min(LONGEST_REST))),
                Ok(End::Deferred(wait)) => return Ok(Look::Later(wait)),
                Ok(End::Stopped) => return Ok(Look::Later(Duration::ZERO)),
                Err(Halt::Lost) => {
                    telemetry::fenced(&request.run);
                    return Ok(Look::Later(TAKEN));
                }
                Err(Halt::Log(cause)) => return Err(cause),
            }
            heart.expect(LONGEST_REST);
            open = self.oldest_open().await?;
        }
        Ok(Look::Done)
    }

    async fn oldest_open(&self) -> Result<Option<(RunRequested, Journal)>, LogError> {
        let Some(request) = mailbox::oldest_open(self.shared, self.session).await? else { return Ok(None) };
        let writer = format!("{:016x}", rand::random::<u64>());
        let journal = Journal::read(&*self.shared.log, &request.run, writer).await?;
        Ok(Some((request, journal)))
    }
}

/// How long the run needs no worker.
fn rest(shared: &Shared, journal: &Journal) -> Option<Duration> {
    let now = shared.now();
    let until = journal.state.as_ref()?.rests_until(now)?;
    Some(until.since(now).min(LONGEST_REST))
}

fn patience(attempt: u32, lease: Duration) -> Duration {
    TAKEN.saturating_mul(1 << attempt.saturating_sub(1).min(8)).min(lease)
}
