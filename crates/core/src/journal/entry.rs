//! The journal's entries. Facts in the past tense; each is one record under `hw.run.<run>`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::agent::EffectClass;
use crate::ids::{AgentName, DeliveryId, RunId, SessionId, SnapshotHash, WebhookId};
use crate::time::Timestamp;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The run.
    pub run: RunId,
    /// 1, 2, 3 ... inside the run.
    pub n: u32,
    /// Fencing number of the writer: the claim it belongs to. 0 before the first claim.
    pub epoch: u32,
    /// The writer's clock.
    pub at: Timestamp,
    /// W3C traceparent of the span that wrote it.
    pub traceparent: Option<String>,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The run exists. Always entry 1.
    Started(Started),
    /// A worker took the run; its entries carry this epoch until the next claim.
    Claimed {
        /// Who, for people.
        worker: String,
        /// Until when it may still be acting if it is never heard of again.
        lease_until: Timestamp,
    },
    /// Intent to call the model.
    ModelCallStarted {
        /// Turn, from 1.
        turn: u32,
        /// Try of this turn, from 1.
        attempt: u32,
        /// Named model.
        model: String,
    },
    /// A model call that gave nothing.
    ModelCallFailed {
        /// Turn.
        turn: u32,
        /// Try.
        attempt: u32,
        /// Which class of failure.
        class: ModelFailure,
        /// What the provider said, cut, without secrets.
        detail: String,
        /// Not before this time again.
        retry_at: Option<Timestamp>,
    },
    /// The model's answer: the commit point of a turn.
    ModelTurn(ModelTurn),
    /// A call that was not allowed.
    ToolCallDenied {
        /// Which call.
        call: CallKey,
        /// Which rule, in words the model may read.
        rule: String,
    },
    /// Intent, on disk before the first byte goes to the tool.
    ToolCallStarted(ToolCallStarted),
    /// What came back.
    ToolCallFinished(ToolCallFinished),
    /// Found on resume: started, no result, and its class forbids repeating it.
    ToolCallUncertain {
        /// Which call.
        call: CallKey,
    },
    /// The run waits and holds no worker.
    Suspended {
        /// Why, for people.
        reason: String,
        /// When it goes on by itself.
        wake_at: Timestamp,
    },
    /// It goes on.
    Resumed,
    /// Someone wants it to end.
    CancelRequested {
        /// Who, for people.
        by: String,
    },
    /// The end. Nothing follows.
    Finished(Finished),
    /// A kind this version does not know; carried as it is.
    Unknown {
        /// Its number.
        kind: u32,
        /// Its bytes.
        bytes: Bytes,
    },
}

/// The run exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its session.
    pub session: SessionId,
    /// The delivery behind it.
    pub delivery: DeliveryId,
    /// Its webhook.
    pub webhook: WebhookId,
    /// The route's name.
    pub route: String,
    /// The agent.
    pub agent: AgentName,
    /// The configuration it keeps to its end.
    pub snapshot: SnapshotHash,
    /// The first user message, as requested.
    pub message: String,
}

/// A call inside a run: turn and index of the call in that turn. Written `t3.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallKey {
    /// Turn, from 1.
    pub turn: u32,
    /// Index, from 0.
    pub index: u32,
}

impl std::fmt::Display for CallKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "t{}.{}", self.turn, self.index)
    }
}

/// The classes of model failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelFailure {
    /// May work later.
    Retryable,
    /// The provider said when to come back, or that we are too fast.
    RateLimited,
    /// Will not work.
    Permanent,
    /// The conversation is too long.
    ContextOverflow,
}

/// The model's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelTurn {
    /// Turn, from 1.
    pub turn: u32,
    /// Try that succeeded.
    pub attempt: u32,
    /// What it said, if anything.
    pub text: Option<String>,
    /// What it wants done. None means that it is finished.
    pub calls: Vec<ToolCall>,
    /// Tokens.
    pub usage: Usage,
    /// The model that served, as the provider names it.
    pub served_by: String,
    /// How long it took.
    pub latency_ms: u64,
    /// The provider's own form of the message, needed to go on with the same provider. Opaque, may be empty.
    pub opaque: Bytes,
}

/// A call the model asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's id for it; not an identity, only echoed back.
    pub provider_id: String,
    /// The tool's name.
    pub tool: String,
    /// JSON text of the arguments.
    pub arguments: String,
}

/// Tokens of one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Read by the model.
    pub input: u64,
    /// Written by the model.
    pub output: u64,
    /// Of the input, read from a cache.
    pub cached: u64,
    /// Whether these are our estimate because the provider reported none.
    pub estimated: bool,
}

/// Intent to call a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCallStarted {
    /// Which call.
    pub call: CallKey,
    /// Try, from 1.
    pub attempt: u32,
    /// The tool.
    pub tool: String,
    /// SHA-256 of the arguments, hex.
    pub arguments_sha256: String,
    /// Its class at that time.
    pub effect: EffectClass,
    /// Same after any crash, different for a genuine second call.
    pub idempotency_key: String,
    /// Until when the call may still be running.
    pub deadline: Timestamp,
}

/// What came back from a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCallFinished {
    /// Which call.
    pub call: CallKey,
    /// Try.
    pub attempt: u32,
    /// How it ended.
    pub status: ToolStatus,
    /// What the model reads, already capped.
    pub result: String,
    /// How long it took.
    pub latency_ms: u64,
}

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ToolStatus {
    /// It worked.
    Ok,
    /// The tool said no; the model may try otherwise.
    ToolError,
    /// No answer inside the bound.
    Timeout,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub outcome: RunOutcome,
    /// The model's last words, cut.
    pub text: String,
    /// For people: what went wrong and whose move is next.
    pub error: Option<String>,
    /// Sums.
    pub totals: Totals,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunOutcome {
    /// The model had nothing more to do.
    Completed,
    /// It could not go on.
    Failed,
    /// Someone ended it.
    Cancelled,
    /// Out of active time.
    TimedOut,
    /// Out of tokens.
    BudgetExceeded,
    /// Out of turns or tool calls.
    MaxTurns,
    /// Parked for a person: an uncertain effect, or too many claims without progress.
    NeedsOperator,
}

impl RunOutcome {
    /// The name in the API and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::BudgetExceeded => "budget_exceeded",
            Self::MaxTurns => "max_turns",
            Self::NeedsOperator => "needs_operator",
        }
    }
}

/// Sums over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Model turns.
    pub turns: u32,
    /// Tool calls that were executed.
    pub tool_calls: u32,
    /// Tokens over all turns.
    pub usage: Usage,
    /// Active time.
    pub active_ms: u64,
}
