//! What this service says about itself: metrics, spans and log lines, all in one place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookwheel_agent::{ModelAnswer, ModelError, Toolbox};
use hookwheel_core::agent::Model;
use hookwheel_core::ids::{AgentName, RunId};
use hookwheel_core::journal::{CallKey, Finished, ModelFailure, RunOutcome, ToolCallStarted, ToolStatus};
use hookwheel_core::run::RunRequested;
use hookwheel_core::snapshot::Snapshot;
use hookwheel_core::time::Timestamp;
use hookwheel_log::{Consumer, LogError, Stored};
use hookwheel_proto::topology;
use hookwheel_runtime::metrics as names;
use metrics::{Gauge, counter, gauge, histogram};
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::journal::Journal;
use crate::shared::Shared;

const DEPTH_EVERY: Duration = Duration::from_secs(2);
const CONSUMER: &str = topology::AGENT_RUNNER;

pub(crate) fn announce(workers: usize) {
    gauge!(names::AGENT_RUN_LIMIT).set(workers as f64);
    tracing::info!(workers, "agent-runner drives up to {workers} runs at once");
}

/// Keeps the queue's gauges fresh.
pub(crate) async fn watch_depth(consumer: Arc<dyn Consumer>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Ok(depth) = consumer.depth().await {
            gauge!(names::WORKER_QUEUE_DEPTH).set((depth.pending + depth.held) as f64);
            let labels = [("stream", topology::EVENTS), ("consumer", CONSUMER)];
            gauge!(names::CONSUMER_PENDING, &labels).set(depth.pending as f64);
            gauge!(names::CONSUMER_ACK_PENDING, &labels).set(depth.held as f64);
            gauge!(names::CONSUMER_REDELIVERED, &labels).set(depth.redelivered as f64);
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(DEPTH_EVERY) => {}
        }
    }
}

/// How long a wake lay in the log; a repeated one says nothing about that.
pub(crate) fn waited(now: Timestamp, wake: &Stored, attempt: u32) {
    if attempt == 1 {
        let waited = now.since(Timestamp::from_micros(wake.at_micros));
        histogram!(names::MESSAGE_WAIT_SECONDS, "consumer" => CONSUMER).record(waited);
    }
}

pub(crate) fn acked(began: Instant, result: Result<(), LogError>) {
    lease_ended("ack", began, result);
}

pub(crate) fn naked(began: Instant, result: Result<(), LogError>) {
    lease_ended("nak", began, result);
}

pub(crate) fn parked(began: Instant, result: Result<(), LogError>) {
    counter!(names::DEAD_LETTERS_TOTAL, "consumer" => CONSUMER, "reason" => "unreadable").increment(1);
    lease_ended("term", began, result);
}

fn lease_ended(outcome: &'static str, began: Instant, result: Result<(), LogError>) {
    counter!(names::MESSAGES_TOTAL, "consumer" => CONSUMER, "outcome" => outcome).increment(1);
    histogram!(names::MESSAGE_PROCESSING_SECONDS, "consumer" => CONSUMER).record(began.elapsed());
    if let Err(cause) = result {
        tracing::debug!(%cause, "a wake's {outcome} was lost and it will come back: {cause}");
    }
}

/// Counts a run as active until dropped.
pub(crate) struct Active(Gauge, Gauge);

pub(crate) fn active(agent: &AgentName) -> Active {
    let active = Active(gauge!(names::AGENT_RUNS_ACTIVE, "agent" => agent.to_string()), gauge!(names::INFLIGHT));
    active.0.increment(1);
    active.1.increment(1);
    active
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.decrement(1);
        self.1.decrement(1);
    }
}

/// A claim that is not the first takes the run up again, unless the run had rested as planned.
pub(crate) fn claiming(shared: &Shared, journal: &Journal) {
    let Some(state) = journal.state.as_ref().filter(|state| state.epoch > 0 && state.suspended.is_none()) else {
        return;
    };
    let reason = if state.worker == shared.worker { "restart" } else { "redelivery" };
    counter!(names::AGENT_RUN_RESUMES_TOTAL, "reason" => reason).increment(1);
    tracing::info!(run.id = %journal.run, epoch = state.epoch + 1, "run {} is taken up again", journal.run);
}

/// A run was to start and has to wait for a limit.
pub(crate) fn deferred(webhook: &str, scope: &'static str) {
    counter!(names::RATE_LIMITED_TOTAL, "webhook" => webhook.to_owned(), "scope" => scope).increment(1);
}

/// So many runs wait for a limit.
pub(crate) fn waiting(webhook: &str, runs: f64) {
    gauge!(names::AGENT_RUNS_DEFERRED, "webhook" => webhook.to_owned()).set(runs.ceil());
}

pub(crate) fn fenced(run: &RunId) {
    tracing::warn!(run.id = %run, "another worker has taken run {run}; this one stops");
}

pub(crate) fn uncertain(request: &RunRequested, call: CallKey) {
    tracing::warn!(run.id = %request.run, call = %call, "nobody knows whether call {call} of run {} happened", request.run);
}

pub(crate) fn finished(request: &RunRequested, end: &Finished) {
    let (run, outcome) = (&request.run, end.outcome.as_str());
    let error = end.error.as_deref().unwrap_or_default();
    if end.outcome == RunOutcome::NeedsOperator {
        tracing::error!(run.id = %run, outcome, error, "run {run} needs a person: {error}");
    } else {
        tracing::info!(run.id = %run, outcome, error, "run {run} ended: {outcome}");
    }
    let status = match end.outcome {
        RunOutcome::Completed => "completed",
        RunOutcome::TimedOut => "timeout",
        RunOutcome::Cancelled => "cancelled",
        RunOutcome::Failed | RunOutcome::BudgetExceeded | RunOutcome::MaxTurns | RunOutcome::NeedsOperator => "failed",
    };
    let agent = request.agent.to_string();
    counter!(names::AGENT_RUNS_TOTAL, "agent" => agent.clone(), "status" => status).increment(1);
    histogram!(names::AGENT_RUN_TURNS, "agent" => agent).record(f64::from(end.totals.turns));
}

/// The delivery has come to its end with this run.
pub(crate) fn delivery_ended(shared: &Shared, request: &RunRequested, snapshot: Option<&Snapshot>, completed: bool) {
    let status = if completed { "completed" } else { "failed" };
    let webhook = snapshot.map_or_else(|| names::label::OTHER.to_owned(), |snapshot| snapshot.webhook.slug.to_string());
    let event_type = request.event_type.as_deref().map_or("unknown".into(), |event| shared.event_types.label(event));
    counter!(
        names::DELIVERIES_TOTAL,
        "webhook" => webhook.clone(), "source" => request.source.clone(), "event_type" => event_type, "status" => status
    )
    .increment(1);
    let took = shared.now().since(request.received_at);
    histogram!(names::PROCESSING_DURATION_SECONDS, "webhook" => webhook, "status" => status).record(took);
}

pub(crate) fn invoke_agent(request: &RunRequested) -> Span {
    tracing::info_span!(
        "invoke_agent",
        otel.name = format!("invoke_agent {}", request.agent),
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = %request.agent,
        gen_ai.conversation.id = %request.session,
        run.id = %request.run,
        delivery.id = %request.delivery,
    )
}

pub(crate) fn chat(model: &Model, turn: u32, attempt: u32) -> Span {
    tracing::info_span!(
        "chat",
        otel.name = format!("chat {}", model.model),
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = model.provider.as_str(),
        gen_ai.request.model = %model.model,
        gen_ai.response.model = tracing::field::Empty,
        gen_ai.usage.input_tokens = tracing::field::Empty,
        gen_ai.usage.output_tokens = tracing::field::Empty,
        error.type = tracing::field::Empty,
        hookwheel.turn = turn,
        hookwheel.attempt = attempt,
    )
}

pub(crate) fn model_called(model: &Model, span: &Span, took: Duration, answer: &Result<ModelAnswer, ModelError>) {
    let (provider, name) = (model.provider.as_str(), model.model.clone());
    let outcome = match answer {
        Ok(answer) => {
            span.record("gen_ai.response.model", &*answer.served_by);
            span.record("gen_ai.usage.input_tokens", answer.usage.input);
            span.record("gen_ai.usage.output_tokens", answer.usage.output);
            let tokens =
                [("input", answer.usage.input), ("output", answer.usage.output), ("cached", answer.usage.cached)];
            for (direction, count) in tokens {
                let labels =
                    [("provider", provider.to_owned()), ("model", name.clone()), ("direction", direction.to_owned())];
                counter!(names::LLM_TOKENS_TOTAL, &labels).increment(count);
            }
            "ok"
        }
        Err(error) => {
            let class = class(error.class());
            span.record("error.type", class);
            span.record("otel.status_code", "ERROR");
            class
        }
    };
    counter!(names::LLM_REQUESTS_TOTAL, "provider" => provider, "model" => name.clone(), "outcome" => outcome)
        .increment(1);
    histogram!(names::LLM_REQUEST_DURATION_SECONDS, "provider" => provider, "model" => name).record(took);
}

fn class(failure: ModelFailure) -> &'static str {
    match failure {
        ModelFailure::Retryable => "retryable",
        ModelFailure::RateLimited => "rate_limited",
        ModelFailure::Permanent => "permanent",
        ModelFailure::ContextOverflow => "context_overflow",
    }
}

pub(crate) fn execute_tool(intent: &ToolCallStarted) -> Span {
    tracing::info_span!(
        "execute_tool",
        otel.name = format!("execute_tool {}", intent.tool),
        otel.status_code = tracing::field::Empty,
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = %intent.tool,
        gen_ai.tool.call.id = %intent.call,
        error.type = tracing::field::Empty,
        hookwheel.attempt = intent.attempt,
    )
}

pub(crate) fn tool_called(tool: &str, span: &Span, took: Duration, status: ToolStatus) {
    let (outcome, action) = match status {
        ToolStatus::Ok => ("ok", "ok"),
        ToolStatus::ToolError => ("tool_error", "error"),
        ToolStatus::Timeout => ("timeout", "error"),
    };
    if status != ToolStatus::Ok {
        span.record("error.type", outcome);
        span.record("otel.status_code", "ERROR");
    }
    let tool = tool.to_owned();
    counter!(names::TOOL_CALLS_TOTAL, "tool" => tool.clone(), "outcome" => outcome).increment(1);
    counter!(names::RESPONSE_ACTIONS_TOTAL, "tool" => tool.clone(), "status" => action).increment(1);
    histogram!(names::TOOL_CALL_DURATION_SECONDS, "tool" => tool).record(took);
}

/// A model may name anything: what is no tool of ours is `other`.
pub(crate) fn tool_denied(toolbox: &Toolbox, tool: &str) {
    let tool = if toolbox.has(tool) { tool.to_owned() } else { names::label::OTHER.to_owned() };
    counter!(names::TOOL_CALLS_TOTAL, "tool" => tool.clone(), "outcome" => "denied").increment(1);
    counter!(names::RESPONSE_ACTIONS_TOTAL, "tool" => tool, "status" => "denied").increment(1);
}

/// A session that no wake would have brought back.
pub(crate) fn swept() {
    counter!(names::AGENT_SWEEPER_WAKES_TOTAL).increment(1);
}
