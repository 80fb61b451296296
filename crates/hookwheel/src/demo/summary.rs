//! Reading back what was recorded: from the API, not from memory.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::api::Api;
use crate::commands::send::Answer;
use crate::exit::{Exit, Failure};

const PAUSE: Duration = Duration::from_millis(20);

/// A delivery and its run, as the API gives them.
pub struct Recorded {
    /// `/api/v1/deliveries/{id}`.
    pub delivery: Value,
    /// `/api/v1/runs/{id}`.
    pub run: Value,
}

/// Waits until the delivery has ended and its rows say so.
pub async fn wait_until_recorded(api: &Api, answer: &Answer, patience: Duration) -> Result<Recorded, Failure> {
    let id = answer.delivery().ok_or_else(|| Failure::failed("the intake's answer names no delivery"))?;
    let give_up = Instant::now() + patience;
    loop {
        if let Some(recorded) = recorded(api, id).await? {
            return Ok(recorded);
        }
        if Instant::now() > give_up {
            return Err(Failure::failed(format!("delivery {id} did not become a finished row within {patience:?}")));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Both documents, once the delivery and its run have ended.
async fn recorded(api: &Api, id: &str) -> Result<Option<Recorded>, Failure> {
    let delivery = match api.get(&["deliveries", id], &[]).await {
        Ok(delivery) => delivery,
        Err(failure) if failure.exit == Exit::NotFound => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let ended = |state: &str| !matches!(state, "received" | "queued" | "processing");
    if !ended(text(&delivery, "/state")) {
        return Ok(None);
    }
    let run = match text(&delivery, "/run_rows/0/id") {
        "" => Value::Null,
        run => api.get(&["runs", run], &[]).await?,
    };
    Ok(Some(Recorded { delivery, run }))
}

/// The text at a JSON pointer, empty when there is none.
pub fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
