//! Between our messages and the library's.

use bytes::Bytes;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatRequest, ChatResponse, ContentPart, MessageContent, Tool, ToolResponse};
use hookwheel_core::journal::{ToolCall, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Answered, Message, ModelAnswer, ModelRequest, ToolSpec};

/// A larger provider's form is not kept: the journal's record has a limit, and our own form will do.
const MAX_OPAQUE: usize = 256 * 1024;

/// The provider's form of an assistant message as stored: only the wire format that made it can use it.
#[derive(Serialize, Deserialize)]
struct Opaque {
    adapter: AdapterKind,
    message: ChatMessage,
}

pub(super) fn request(request: ModelRequest, adapter: AdapterKind) -> ChatRequest {
    let mut chat = ChatRequest::from_system(request.system);
    for message in request.messages {
        match message {
            Message::User(text) => chat.messages.push(ChatMessage::user(text)),
            Message::Assistant { text, calls, opaque } => {
                let kept = stored(&opaque, adapter);
                chat.messages.push(kept.unwrap_or_else(|| assistant(text, &calls)));
            }
            Message::Results(results) => chat.messages.extend(answered(results, adapter)),
        }
    }
    if request.tools.is_empty() { chat } else { chat.with_tools(request.tools.into_iter().map(tool)) }
}

fn stored(opaque: &Bytes, adapter: AdapterKind) -> Option<ChatMessage> {
    let kept: Opaque = serde_json::from_slice(opaque).ok()?;
    (kept.adapter == adapter).then_some(kept.message)
}

fn assistant(text: Option<String>, calls: &[ToolCall]) -> ChatMessage {
    let words = text.into_iter().map(ContentPart::Text);
    let calls = calls.iter().map(|call| {
        ContentPart::ToolCall(genai::chat::ToolCall {
            call_id: call.provider_id.clone(),
            fn_name: call.tool.clone(),
            fn_arguments: serde_json::from_str(&call.arguments).unwrap_or_else(|_| call.arguments.clone().into()),
            thought_signatures: None,
        })
    });
    ChatMessage::assistant(MessageContent::from_parts(words.chain(calls).collect::<Vec<_>>()))
}

/// Gemini wants all results of a turn in one message; Ollama's format has room for one each.
fn answered(results: Vec<Answered>, adapter: AdapterKind) -> Vec<ChatMessage> {
    let responses: Vec<ToolResponse> = results
        .into_iter()
        .map(|answered| ToolResponse::new(answered.call.provider_id, answered.result).with_fn_name(answered.call.tool))
        .collect();
    match adapter {
        AdapterKind::Ollama => responses.into_iter().map(ChatMessage::from).collect(),
        _ => vec![ChatMessage::from(responses)],
    }
}

fn tool(spec: ToolSpec) -> Tool {
    Tool::new(spec.name).with_description(spec.description).with_schema(spec.schema)
}

pub(super) fn answer(response: ChatResponse, estimated_input: u64) -> ModelAnswer {
    let adapter = response.model_iden.adapter_kind;
    let served_by = response.provider_model_iden.model_name.to_string();
    let cut = response.stop_reason.as_ref().is_some_and(|reason| reason.is_max_tokens());
    let calls: Vec<ToolCall> = response.content.tool_calls().into_iter().map(call).collect();
    let mut text = response.content.joined_texts().filter(|text| !text.is_empty());
    if cut && calls.is_empty() {
        text = Some(format!("{}\n[cut: the model reached its output limit]", text.unwrap_or_default()));
    }
    let usage = usage(&response.usage, estimated_input, text.as_deref(), &calls);
    let message = response.into_assistant_message_for_tool_use();
    let opaque = message.and_then(|message| serde_json::to_vec(&Opaque { adapter, message }).ok());
    let opaque = opaque.filter(|bytes| bytes.len() <= MAX_OPAQUE).map(Bytes::from).unwrap_or_default();
    ModelAnswer { text, calls, usage, served_by, opaque }
}

fn call(call: &genai::chat::ToolCall) -> ToolCall {
    let arguments = match &call.fn_arguments {
        // No arguments at all arrive as null or nothing; every tool takes an object.
        Value::Null => "{}".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    ToolCall { provider_id: call.call_id.clone(), tool: call.fn_name.clone(), arguments }
}

/// Zero is never "free": some local servers report nothing, or zeros.
fn usage(reported: &genai::chat::Usage, estimated_input: u64, text: Option<&str>, calls: &[ToolCall]) -> Usage {
    let count = |n: Option<i32>| n.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
    let written = text.map_or(0, str::len) + calls.iter().map(|c| c.tool.len() + c.arguments.len()).sum::<usize>();
    let (input, output) = (count(reported.prompt_tokens), count(reported.completion_tokens));
    let cached = reported.prompt_tokens_details.as_ref().and_then(|details| count(details.cached_tokens));
    Usage {
        input: input.unwrap_or(estimated_input),
        output: output.unwrap_or(written.div_ceil(4) as u64),
        cached: cached.unwrap_or(0),
        estimated: input.is_none() || output.is_none(),
    }
}
