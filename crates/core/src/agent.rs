//! An agent as defined in `agents/<name>.md`, and the named models it may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::AgentName;
use crate::webhook::SecretRef;

/// Instructions, model, allowed tools, limits. A run keeps the definition it started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The file's name without `.md`.
    pub name: AgentName,
    /// One line for people.
    pub description: String,
    /// The markdown body: the system prompt.
    pub instructions: String,
    /// Name of a model of the snapshot.
    pub model: String,
    /// Names of the tools it may call; nothing else exists for it.
    pub tools: Vec<String>,
    /// Bounds of one run.
    pub limits: Limits,
    /// What happens to a call whose outcome is not known after a crash.
    pub on_uncertain: OnUncertain,
}

/// Bounds of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Model turns.
    pub max_turns: u32,
    /// Tool calls in the whole run.
    pub max_tool_calls: u32,
    /// Tool calls asked for in one turn.
    pub max_calls_per_turn: u32,
    /// Input tokens in the whole run.
    pub max_input_tokens: u64,
    /// Output tokens in the whole run.
    pub max_output_tokens: u64,
    /// Seconds of active time; time spent suspended does not count.
    pub timeout_s: u64,
    /// Seconds of one tool call.
    pub tool_timeout_s: u64,
    /// Seconds of one model call.
    pub model_timeout_s: u64,
    /// Tries of one model call, the first included.
    pub model_attempts: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_turns: 20,
            max_tool_calls: 30,
            max_calls_per_turn: 8,
            max_input_tokens: 200_000,
            max_output_tokens: 20_000,
            timeout_s: 600,
            tool_timeout_s: 60,
            model_timeout_s: 180,
            model_attempts: 5,
        }
    }
}

impl Limits {
    /// [`Self::timeout_s`] as a duration.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s)
    }

    /// [`Self::tool_timeout_s`] as a duration.
    pub fn tool_timeout(&self) -> Duration {
        Duration::from_secs(self.tool_timeout_s)
    }

    /// [`Self::model_timeout_s`] as a duration.
    pub fn model_timeout(&self) -> Duration {
        Duration::from_secs(self.model_timeout_s)
    }
}

/// Policy for a tool call that was started before a crash and has no recorded result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUncertain {
    /// The model hears "outcome unknown, verify before repeating" and goes on.
    #[default]
    TellModel,
    /// The run ends as `needs_operator`.
    Fail,
}

/// What a tool does to the world, said by us and never by the tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectClass {
    /// Changes nothing: may be repeated.
    Read,
    /// Takes our idempotency key (or is idempotent by nature): may be repeated with the same key.
    Idempotent,
    /// Anything else: executed at most once.
    Effect,
}

/// A named model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Who speaks: `scripted`, `openai`, `anthropic`, `gemini`, `ollama`, `openai_compatible`.
    pub provider: Provider,
    /// The provider's name for it; for `scripted` the script's name (`github-issue` is built in) or file path.
    pub model: String,
    /// Overrides the provider's address; needed by `openai_compatible`.
    pub base_url: Option<String>,
    /// Where the API key is.
    pub api_key: Option<SecretRef>,
    /// Most output tokens of one turn.
    pub max_output_tokens: Option<u32>,
}

/// Which wire format and default address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Canned answers, no AI; refused in the production profile.
    Scripted,
    /// OpenAI chat completions.
    Openai,
    /// Anthropic messages.
    Anthropic,
    /// Google Gemini.
    Gemini,
    /// Ollama.
    Ollama,
    /// Anything that speaks OpenAI chat completions at `base_url`.
    OpenaiCompatible,
}

impl Provider {
    /// The name in configuration, metrics and spans.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scripted => "scripted",
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
            Self::OpenaiCompatible => "openai_compatible",
        }
    }
}
