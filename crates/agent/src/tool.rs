//! The port to a tool: what it is, what it takes, what it does to the world.

use async_trait::async_trait;
use hookwheel_core::agent::EffectClass;
use hookwheel_core::ids::{DeliveryId, RunId, WebhookId};
use hookwheel_core::journal::CallKey;
use hookwheel_core::time::Timestamp;
use serde_json::Value;

/// Something an agent may do. Called only after the intent is on disk.
#[async_trait]
pub trait Tool: Send + Sync {
    /// At most 64 of `[a-z0-9_]`.
    fn name(&self) -> &str;
    /// What it does and when to use it, for the model.
    fn description(&self) -> &str;
    /// JSON Schema of the arguments: an object without additional properties.
    fn schema(&self) -> Value;
    /// What it does to the world.
    fn effect(&self) -> EffectClass;
    /// Whether it would take these arguments. The error is for the model to read.
    fn check(&self, arguments: &str) -> Result<(), String>;
    /// Does it. Ends within the caller's bound, or is dropped.
    async fn call(&self, context: &ToolContext, arguments: &str) -> ToolResult;
}

/// The model reads either: what came of it, or what went wrong.
pub type ToolResult = Result<String, String>;

/// Who calls, and on whose behalf.
#[derive(Debug, Clone)]
pub struct ToolContext {
    /// The run.
    pub run: RunId,
    /// The call inside it.
    pub call: CallKey,
    /// Same after any crash, different for a genuine second call.
    pub idempotency_key: String,
    /// The webhook behind the run.
    pub webhook: WebhookId,
    /// The delivery behind the run.
    pub delivery: DeliveryId,
    /// Hash of the delivery's key: with the webhook, where the raw delivery is.
    pub delivery_key_hash: String,
    /// The caller's clock.
    pub now: Timestamp,
}

/// Reads arguments into a type whose `deny_unknown_fields` makes it the schema's twin.
pub(crate) fn arguments<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let text = if text.trim().is_empty() { "{}" } else { text };
    serde_json::from_str(text).map_err(|cause| format!("arguments do not fit the tool's schema: {cause}"))
}
