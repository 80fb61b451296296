//! The port to a language model: one request, one answer, four classes of failure.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hookwheel_core::journal::{ModelFailure, ToolCall, Usage};
use serde_json::Value;

/// A model that answers one request at a time. Dropping the future cancels the call.
#[async_trait]
pub trait ModelClient: Send + Sync {
    /// Asks once. Never retries, and ends within the request's timeout.
    async fn complete(&self, request: ModelRequest) -> Result<ModelAnswer, ModelError>;
}

/// Everything a model gets to see.
#[derive(Debug, Clone)]
pub struct ModelRequest {
    /// The operator's words. Never holds anything a sender wrote.
    pub system: String,
    /// The conversation so far; the first is the delivery's message.
    pub messages: Vec<Message>,
    /// Tools it may ask for; none when it must answer in words.
    pub tools: Vec<ToolSpec>,
    /// Most output tokens of this answer.
    pub max_output_tokens: Option<u32>,
    /// Bound of the whole call.
    pub timeout: Duration,
    /// Type of the event behind the run; only the scripted model looks at it.
    pub event_type: Option<String>,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The delivery's message.
    User(String),
    /// What the model said earlier.
    Assistant {
        /// Its words.
        text: Option<String>,
        /// The calls it asked for.
        calls: Vec<ToolCall>,
        /// The provider's own form of the message; empty or unreadable means that the other fields must do.
        opaque: Bytes,
    },
    /// What became of those calls, in their order.
    Results(Vec<Answered>),
}

/// What became of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The call.
    pub call: ToolCall,
    /// What the model reads.
    pub result: String,
}

/// A tool as a model sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// JSON Schema of its arguments.
    pub schema: Value,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelAnswer {
    /// Its words, if any.
    pub text: Option<String>,
    /// What it wants done. Whether it is finished is decided by this being empty and by nothing else: providers
    /// disagree about the meaning of their stop reasons.
    pub calls: Vec<ToolCall>,
    /// Tokens, reported or estimated.
    pub usage: Usage,
    /// The model that served, as the provider names it.
    pub served_by: String,
    /// The provider's own form of the message, to be given back with the next request. May be empty.
    pub opaque: Bytes,
}

/// A call that gave nothing. The text names no secret and quotes at most the first part of the provider's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// May work later.
    #[error("model call failed, may work later: {detail}")]
    Retryable {
        /// What happened.
        detail: String,
        /// Not sooner than this, if the provider said so.
        after: Option<Duration>,
    },
    /// We are too fast.
    #[error("model is rate limited: {detail}")]
    RateLimited {
        /// What happened.
        detail: String,
        /// Not sooner than this, if the provider said so.
        after: Option<Duration>,
    },
    /// Will not work without somebody changing something.
    #[error("model call was refused: {detail}")]
    Permanent {
        /// What happened.
        detail: String,
        /// The provider's status, if it answered.
        status: Option<u16>,
    },
    /// The conversation is too long for the model.
    #[error("conversation is too long for the model: {detail}")]
    ContextOverflow {
        /// What happened.
        detail: String,
    },
}

impl ModelError {
    /// The class, as the journal keeps it.
    pub fn class(&self) -> ModelFailure {
        match self {
            Self::Retryable { .. } => ModelFailure::Retryable,
            Self::RateLimited { .. } => ModelFailure::RateLimited,
            Self::Permanent { .. } => ModelFailure::Permanent,
            Self::ContextOverflow { .. } => ModelFailure::ContextOverflow,
        }
    }

    /// What happened, without the class.
    pub fn detail(&self) -> &str {
        match self {
            Self::Retryable { detail, .. }
            | Self::RateLimited { detail, .. }
            | Self::Permanent { detail, .. }
            | Self::ContextOverflow { detail } => detail,
        }
    }

    /// Not sooner than this again.
    pub fn after(&self) -> Option<Duration> {
        match self {
            Self::Retryable { after, .. } | Self::RateLimited { after, .. } => *after,
            Self::Permanent { .. } | Self::ContextOverflow { .. } => None,
        }
    }
}

impl ModelRequest {
    /// Input tokens, estimated as a quarter of the bytes.
    pub fn estimated_tokens(&self) -> u64 {
        let of = |message: &Message| match message {
            Message::User(text) => text.len(),
            Message::Assistant { text, calls, .. } => {
                text.as_deref().map_or(0, str::len)
                    + calls.iter().map(|c| c.tool.len() + c.arguments.len()).sum::<usize>()
            }
            Message::Results(results) => results.iter().map(|r| r.result.len()).sum(),
        };
        let said: usize = self.system.len() + self.messages.iter().map(of).sum::<usize>();
        said.div_ceil(4) as u64
    }
}
