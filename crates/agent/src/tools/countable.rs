//! `countable`: a tool for fault tests whose every execution can be counted afterwards.
//!
//! It exists only where the environment variable `HOOKWHEEL_TEST_TOOLS` names a file. Each execution appends the line
//! `<run> <call> <idempotency key>` to it, durably, so that a test can compare what was done with what the journal says.

use std::path::PathBuf;

use async_trait::async_trait;
use hookwheel_core::agent::EffectClass;
use serde::Deserialize;
use serde_json::{Value, json};

use super::append_durably;
use crate::tool::{Tool, ToolContext, ToolResult, arguments};

/// The variable that switches the tool on and names its file.
pub const TEST_TOOLS_VARIABLE: &str = "HOOKWHEEL_TEST_TOOLS";

/// Appends a line per execution.
pub struct Countable {
    file: PathBuf,
    pass: fn(&str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// Whatever makes one call differ from another.
    #[serde(default)]
    label: String,
}

impl Countable {
    /// Writes to `file`; `pass` is called at the fail point `runner.during_call`, after the effect and before the
    /// result.
    pub fn new(file: impl Into<PathBuf>, pass: fn(&str)) -> Self {
        Self { file: file.into(), pass }
    }
}

#[async_trait]
impl Tool for Countable {
    fn name(&self) -> &str {
        "countable"
    }

    fn description(&self) -> &str {
        "Counts its executions in a file. For fault tests."
    }

    fn schema(&self) -> Value {
        json!({
            "type": "object",
            "properties": { "label": { "type": "string" } },
            "additionalProperties": false
        })
    }

    fn effect(&self) -> EffectClass {
        EffectClass::Effect
    }

    fn check(&self, text: &str) -> Result<(), String> {
        arguments::<Arguments>(text).map(drop)
    }

    async fn call(&self, context: &ToolContext, text: &str) -> ToolResult {
        let label = arguments::<Arguments>(text)?.label;
        let line = format!("{} {} {}\n", context.run, context.call, context.idempotency_key);
        // On this thread: between effect and result there must be nothing but the fail point.
        append_durably(&self.file, line.as_bytes()).map_err(|cause| cause.to_string())?;
        (self.pass)("runner.during_call");
        Ok(format!("counted {label}"))
    }
}
