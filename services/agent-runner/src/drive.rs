//! Drives one run: claim, then `fold`, `decide`, do, append, until it ends, rests, or belongs to somebody else.

use std::sync::Arc;
use std::time::Duration;

use hookwheel_agent::ModelClient;
use hookwheel_core::agent::{Agent, Model};
use hookwheel_core::journal::{Decision, Finished, RunOutcome, RunState, Started, Totals, What, decide};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_log::LogError;
use hookwheel_runtime::{failpoint, trace};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::heartbeat::Heartbeat;
use crate::journal::{Halt, Journal};
use crate::shared::Shared;
use crate::{admission, delivery, model_step, telemetry, tool_step};

/// A wait up to this long is slept through; a longer one suspends the run and frees the worker.
const NEAR: Duration = Duration::from_secs(5);
/// Time for what is not a call: a few appends.
const MARGIN: Duration = Duration::from_secs(60);

/// How a drive ended.
pub(crate) enum End {
    /// The run has its last entry.
    Finished,
    /// The run rests for this long.
    Resting(Duration),
    /// A limit does not let it start before this long.
    Deferred(Duration),
    /// The process stops; the run goes on elsewhere.
    Stopped,
}

/// A run in this worker's hands.
pub(crate) struct Drive<'a> {
    pub shared: &'a Shared,
    pub request: &'a RunRequested,
    pub journal: Journal,
    pub heart: &'a Heartbeat,
    pub setup: Setup,
}

/// What a run needs beside its journal: its own part of the configuration it was requested with.
pub(crate) struct Setup {
    pub snapshot: Arc<Snapshot>,
    pub agent: Agent,
    pub model: Model,
    pub client: Arc<dyn ModelClient>,
}

/// Takes the run and drives it.
pub(crate) async fn to_its_end(
    shared: &Shared,
    request: &RunRequested,
    journal: Journal,
    heart: &Heartbeat,
    stop: &CancellationToken,
) -> Result<End, Halt> {
    if journal.state.as_ref().is_some_and(|state| state.finished.is_some()) {
        return Ok(End::Finished);
    }
    let span = telemetry::invoke_agent(request);
    if journal.epoch() == 0 {
        trace::set_parent(&span, request.traceparent.as_deref());
    } else {
        trace::add_link(&span, request.traceparent.as_deref());
    }
    let _active = telemetry::active(&request.agent);
    taken(shared, request, journal, heart, stop).instrument(span).await
}

async fn taken(
    shared: &Shared,
    request: &RunRequested,
    mut journal: Journal,
    heart: &Heartbeat,
    stop: &CancellationToken,
) -> Result<End, Halt> {
    let setup = set_up(shared, request).await?;
    if let Some(wait) = claim(shared, request, &mut journal).await? {
        return Ok(End::Deferred(wait));
    }
    let setup = match (journal.broken.clone(), setup) {
        (Some(why), _) => {
            let error = format!("the journal cannot be followed: {why}; look at the run, then replay its delivery");
            return finish_early(shared, request, journal, RunOutcome::NeedsOperator, error).await;
        }
        (None, Err(error)) => return finish_early(shared, request, journal, RunOutcome::Failed, error).await,
        (None, Ok(setup)) => setup,
    };
    let mut drive = Drive { shared, request, journal, heart, setup };
    let end = drive.go(stop).await?;
    if matches!(end, End::Finished) {
        delivery::count(shared, request, Some(&drive.setup.snapshot), &drive.journal).await;
    }
    Ok(end)
}

/// The outer error is the log's, the inner one ends the run.
async fn set_up(shared: &Shared, request: &RunRequested) -> Result<Result<Setup, String>, LogError> {
    let snapshot = match shared.snapshots.get(&request.snapshot).await {
        Ok(snapshot) => snapshot,
        Err(cause) if cause.may_heal(shared.now().since(request.received_at)) => {
            return Err(LogError::unavailable(cause));
        }
        Err(cause) => return Ok(Err(chain(&cause))),
    };
    let Some(agent) = snapshot.agents.get(&request.agent).cloned() else {
        return Ok(Err(format!("agent {} is not in the run's configuration", request.agent)));
    };
    let Some(model) = snapshot.models.get(&agent.model).cloned() else {
        return Ok(Err(format!("model {} is not in the run's configuration", agent.model)));
    };
    Ok(match shared.models.client(&model) {
        Ok(client) => Ok(Setup { snapshot, agent, model, client }),
        Err(cause) => Err(chain(&cause)),
    })
}

/// Makes the run ours: its start if it has none, then a claim. Whoever loses either append has done nothing. Returns how long a
/// run has to wait that may not start yet. The start is what limits count: once it is on disk, no other worker asks again.
async fn claim(shared: &Shared, request: &RunRequested, journal: &mut Journal) -> Result<Option<Duration>, Halt> {
    if journal.is_new() {
        if let Some(wait) = admission::enter(shared, request).await? {
            return Ok(Some(wait));
        }
        let started = Started {
            session: request.session.clone(),
            delivery: request.delivery.clone(),
            webhook: request.webhook.clone(),
            route: request.route.clone(),
            agent: request.agent.clone(),
            snapshot: request.snapshot.clone(),
            message: request.message.clone(),
        };
        journal.append(&*shared.log, What::Started(started), shared.now()).await?;
    }
    telemetry::claiming(shared, journal);
    let now = shared.now();
    let claimed = What::Claimed { worker: shared.worker.clone(), lease_until: now.plus(shared.options.lease) };
    journal.append(&*shared.log, claimed, now).await?;
    failpoint::hit("runner.claimed");
    Ok(None)
}

/// Ends a run that cannot be driven at all.
async fn finish_early(
    shared: &Shared,
    request: &RunRequested,
    mut journal: Journal,
    outcome: RunOutcome,
    error: String,
) -> Result<End, Halt> {
    let now = shared.now();
    let end = match &journal.state {
        Some(state) => state.end(outcome, Some(error), now),
        None => Finished { outcome, text: String::new(), error: Some(error), totals: Totals::default() },
    };
    finish(shared, request, &mut journal, end).await?;
    delivery::count(shared, request, None, &journal).await;
    Ok(End::Finished)
}

async fn finish(shared: &Shared, request: &RunRequested, journal: &mut Journal, end: Finished) -> Result<(), Halt> {
    failpoint::hit("runner.before_finish");
    journal.append(&*shared.log, What::Finished(end.clone()), shared.now()).await?;
    failpoint::hit("runner.finished");
    telemetry::finished(request, &end);
    Ok(())
}

impl Drive<'_> {
    async fn go(&mut self, stop: &CancellationToken) -> Result<End, Halt> {
        loop {
            if stop.is_cancelled() {
                return Ok(End::Stopped);
            }
            self.heart.expect(MARGIN);
            let (decided, now) = (Instant::now(), self.shared.now());
            match decide(self.state()?, &self.setup.agent, &self.shared.toolbox, now) {
                Decision::CallModel { turn, attempt, offer_tools, max_output } => {
                    model_step::call(self, turn, attempt, offer_tools, max_output).await?;
                }
                Decision::StartTools(intents) => tool_step::execute(self, intents, decided).await?,
                Decision::Deny { call, rule } => tool_step::deny(self, call, rule).await?,
                Decision::MarkUncertain(call) => {
                    telemetry::uncertain(self.request, call);
                    self.append(What::ToolCallUncertain { call }).await?;
                }
                Decision::Resume => self.append(What::Resumed).await?,
                Decision::Finish(end) => {
                    finish(self.shared, self.request, &mut self.journal, end).await?;
                    return Ok(End::Finished);
                }
                Decision::Ended => return Ok(End::Finished),
                Decision::Wait { until, reason } => {
                    let wait = until.since(now);
                    if wait > NEAR {
                        self.append(What::Suspended { reason, wake_at: until }).await?;
                        return Ok(End::Resting(wait));
                    }
                    self.rest(wait, stop).await;
                }
            }
        }
    }

    /// Appends at the current time.
    pub async fn append(&mut self, what: What) -> Result<(), Halt> {
        self.journal.append(&*self.shared.log, what, self.shared.now()).await
    }

    /// The run as its journal tells it.
    pub fn state(&self) -> Result<&RunState, Halt> {
        let lost =
            || LogError::Invalid { what: "journal", why: "this worker wrote an entry that does not follow".into() };
        self.journal.state.as_ref().ok_or_else(|| lost().into())
    }

    /// The worker will be heard of again after a call of at most this long.
    pub fn expect(&self, call: Duration) {
        self.heart.expect(call + MARGIN);
    }

    /// Never shorter than a millisecond, so that a clock that stands still does not make this loop spin.
    async fn rest(&self, wait: Duration, stop: &CancellationToken) {
        let wait = wait.max(Duration::from_millis(1));
        self.expect(wait);
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
