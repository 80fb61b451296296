//! Talking to models, offering tools, reading agent definitions.
//!
//! A model is a [`ModelClient`]: `scripted` (canned answers, no AI) or a real provider. [`Models`] makes clients out of
//! configuration. A tool is a [`Tool`]; a [`Toolbox`] holds those that exist and answers the journal's questions about
//! them. [`prompt`] turns a run's state into the next request. [`definition`] reads `agents/<name>.md`.
//!
//! Nothing here retries, budgets or remembers: each of these is an entry of the run's journal, and so the runner's.

pub mod definition;
mod genai;
mod model;
mod models;
pub mod prompt;
pub mod scripted;
mod tool;
mod toolbox;
pub mod tools;

pub use model::{Answered, Message, ModelAnswer, ModelClient, ModelError, ModelRequest, ToolSpec};
pub use models::{ModelSetupError, Models, SecretReader};
pub use tool::{Tool, ToolContext, ToolResult};
pub use toolbox::{MAX_RESULT, Toolbox};
