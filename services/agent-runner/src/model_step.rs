//! A model call: intent, call, then the turn or the failure.

use std::time::Instant;

use hookwheel_agent::{ModelAnswer, ModelError, prompt};
use hookwheel_core::journal::{ModelFailure, ModelTurn, What, retry_delay};
use hookwheel_log::LogError;
use tracing::Instrument as _;

use crate::drive::{Drive, Setup};
use crate::journal::Halt;
use crate::telemetry;

pub(crate) async fn call(
    drive: &mut Drive<'_>,
    turn: u32,
    attempt: u32,
    offer_tools: bool,
    max_output: u64,
) -> Result<(), Halt> {
    let model = drive.setup.agent.model.clone();
    drive.append(What::ModelCallStarted { turn, attempt, model }).await?;
    let Setup { agent, model, client, .. } = &drive.setup;
    let tools = if offer_tools { drive.shared.toolbox.specs(&agent.tools) } else { Vec::new() };
    let request = prompt::request(drive.state()?, agent, model, tools, max_output, drive.request.event_type.clone());
    drive.expect(request.timeout);
    let span = telemetry::chat(model, turn, attempt);
    let began = Instant::now();
    let answer = client.complete(request).instrument(span.clone()).await;
    telemetry::model_called(model, &span, began.elapsed(), &answer);
    match answer {
        Ok(answer) => {
            let what = What::ModelTurn(committed(turn, attempt, answer, began));
            match drive.append(what).await {
                Err(Halt::Log(LogError::TooLarge { size, limit })) => {
                    let detail = format!("its answer is too large to be recorded ({size} of at most {limit} bytes)");
                    failed(drive, turn, attempt, ModelError::Permanent { detail, status: None }).await
                }
                other => other,
            }
        }
        Err(error) => failed(drive, turn, attempt, error).await,
    }
}

fn committed(turn: u32, attempt: u32, answer: ModelAnswer, began: Instant) -> ModelTurn {
    ModelTurn {
        turn,
        attempt,
        text: answer.text,
        calls: answer.calls,
        usage: answer.usage,
        served_by: answer.served_by,
        latency_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        opaque: answer.opaque,
    }
}

async fn failed(drive: &mut Drive<'_>, turn: u32, attempt: u32, error: ModelError) -> Result<(), Halt> {
    let class = error.class();
    let failures = drive.state()?.tries.failed + 1;
    let again = matches!(class, ModelFailure::Retryable | ModelFailure::RateLimited);
    let delay = retry_delay(failures, error.after(), rand::random::<f64>());
    let retry_at = again.then(|| drive.shared.now().plus(delay));
    let detail = error.detail().to_owned();
    tracing::warn!(run.id = %drive.request.run, turn, attempt, "model call of run {} failed: {error}", drive.request.run);
    drive.append(What::ModelCallFailed { turn, attempt, class, detail, retry_at }).await
}
