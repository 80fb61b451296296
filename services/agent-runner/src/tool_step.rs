//! Tool calls: every intent is on disk before the first byte goes to the tool, every result before anything else happens.

use std::time::Duration;

use futures::future::join_all;
use hookwheel_agent::ToolContext;
use hookwheel_core::journal::{CallKey, ToolCallFinished, ToolCallStarted, ToolStatus, What};
use hookwheel_runtime::failpoint;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use crate::drive::Drive;
use crate::journal::Halt;
use crate::telemetry;

/// Executes the calls side by side. `decided` is when their deadlines were set: the bound is kept by this machine's
/// steady clock from then on, whatever the wall clock does and however long the intents took to be stored.
pub(crate) async fn execute(
    drive: &mut Drive<'_>,
    intents: Vec<ToolCallStarted>,
    decided: Instant,
) -> Result<(), Halt> {
    let bound = drive.setup.agent.limits.tool_timeout();
    drive.expect(bound);
    failpoint::hit("runner.before_intent");
    for intent in &intents {
        drive.append(What::ToolCallStarted(intent.clone())).await?;
    }
    failpoint::hit("runner.after_intent");
    let ended = join_all(intents.iter().map(|intent| one(drive, intent, decided, bound))).await;
    failpoint::hit("runner.after_call");
    for end in ended {
        drive.append(What::ToolCallFinished(end?)).await?;
    }
    failpoint::hit("runner.after_result");
    Ok(())
}

/// Records a refusal.
pub(crate) async fn deny(drive: &mut Drive<'_>, call: CallKey, rule: String) -> Result<(), Halt> {
    let tool = drive.state()?.call(call).map(|call| call.asked.tool.clone()).unwrap_or_default();
    telemetry::tool_denied(&drive.shared.toolbox, &tool);
    tracing::info!(run.id = %drive.request.run, call = %call, "denied call {call} of run {}", drive.request.run);
    drive.append(What::ToolCallDenied { call, rule }).await
}

async fn one(
    drive: &Drive<'_>,
    intent: &ToolCallStarted,
    decided: Instant,
    bound: Duration,
) -> Result<ToolCallFinished, Halt> {
    let context = ToolContext {
        run: drive.request.run.clone(),
        call: intent.call,
        idempotency_key: intent.idempotency_key.clone(),
        webhook: drive.request.webhook.clone(),
        delivery: drive.request.delivery.clone(),
        delivery_key_hash: drive.request.delivery_key_hash.clone(),
        now: drive.shared.now(),
    };
    let arguments = drive.state()?.call(intent.call).map(|call| call.asked.arguments.clone()).unwrap_or_default();
    let (began, limit) = (Instant::now(), decided + bound);
    let span = telemetry::execute_tool(intent);
    let call = drive.shared.toolbox.call(&intent.tool, &context, &arguments).instrument(span.clone());
    let (status, result) = if began >= limit {
        // Another owner may already have given this call up.
        (ToolStatus::Timeout, "the call was not sent: its time was over before the log had its intent".to_owned())
    } else {
        match timeout_at(limit, call).await {
            Ok(Ok(result)) => (ToolStatus::Ok, result),
            Ok(Err(error)) => (ToolStatus::ToolError, error),
            Err(_) => {
                (ToolStatus::Timeout, format!("no answer within {} s; it may have happened", bound.as_secs_f32()))
            }
        }
    };
    telemetry::tool_called(&intent.tool, &span, began.elapsed(), status);
    let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(ToolCallFinished { call: intent.call, attempt: intent.attempt, status, result, latency_ms })
}
