//! The scripted model: canned answers, no AI. For the demo and for tests; says what it is wherever it shows.

mod script;

use async_trait::async_trait;
use bytes::Bytes;
use hookwheel_core::journal::{ToolCall, Usage};

pub use script::{Rule, Script, ScriptError, ScriptedCall};

use crate::model::{Message, ModelAnswer, ModelClient, ModelError, ModelRequest};

/// What every text of the scripted model begins with.
pub const LABEL: &str = "SCRIPTED MODEL – canned answers, no AI";

/// A model that follows a [`Script`].
pub struct ScriptedClient {
    served_by: String,
    script: Script,
}

impl ScriptedClient {
    /// A model that is served by `scripted/<name>`.
    pub fn new(name: &str, script: Script) -> Self {
        Self { served_by: format!("scripted/{name}"), script }
    }
}

#[async_trait]
impl ModelClient for ScriptedClient {
    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        let turn = 1 + request.messages.iter().filter(|m| matches!(m, Message::Assistant { .. })).count();
        let Some(rule) = self.script.rule(request.event_type.as_deref(), turn) else {
            let detail = format!("no rule of {} fits turn {turn} of this event; add one", self.served_by);
            return Err(ModelError::Permanent { detail, status: None });
        };
        if let Some(delay) = rule.delay() {
            tokio::time::sleep(delay).await;
        }
        // Like a real model, it cannot call anything when no tools are offered.
        let wanted = if request.tools.is_empty() { &[][..] } else { &rule.calls };
        let calls: Vec<ToolCall> = wanted.iter().enumerate().map(as_call).collect();
        let words = rule.text.as_deref().map(|text| format!("{LABEL}\n\n{text}"));
        let text = words.or_else(|| calls.is_empty().then(|| LABEL.to_owned()));
        let written: usize =
            text.as_deref().map_or(0, str::len) + calls.iter().map(|c| c.arguments.len()).sum::<usize>();
        let usage =
            Usage { input: request.estimated_tokens(), output: written.div_ceil(4) as u64, cached: 0, estimated: true };
        Ok(ModelAnswer { text, calls, usage, served_by: self.served_by.clone(), opaque: Bytes::new() })
    }
}

fn as_call((index, call): (usize, &ScriptedCall)) -> ToolCall {
    let arguments = serde_json::Value::Object(call.arguments.clone()).to_string();
    ToolCall { provider_id: format!("scripted-{index}"), tool: call.tool.clone(), arguments }
}
