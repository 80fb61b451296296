//! The tools that exist in this process, and what the journal's rules ask about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use hookwheel_core::agent::EffectClass;
use hookwheel_core::journal::{ToolTable, shorten};

use crate::model::ToolSpec;
use crate::tool::{Tool, ToolContext, ToolResult};

/// Bytes of a result that a model gets to read.
pub const MAX_RESULT: usize = 64 * 1024;

/// Tools by name.
#[derive(Clone, Default)]
pub struct Toolbox(BTreeMap<String, Arc<dyn Tool>>);

impl Toolbox {
    /// With one more tool; a later one of the same name replaces the earlier.
    #[must_use]
    pub fn with(mut self, tool: impl Tool + 'static) -> Self {
        self.0.insert(tool.name().to_owned(), Arc::new(tool));
        self
    }

    /// The names of all tools.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is such a tool.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The allowed tools as a model sees them. Names of tools that do not exist are left out.
    pub fn specs(&self, allowed: &[String]) -> Vec<ToolSpec> {
        let tools = allowed.iter().filter_map(|name| self.0.get(name));
        tools
            .map(|tool| ToolSpec {
                name: tool.name().to_owned(),
                description: tool.description().to_owned(),
                schema: tool.schema(),
            })
            .collect()
    }

    /// Calls a tool and cuts what it says to [`MAX_RESULT`], with the cut said.
    pub async fn call(&self, name: &str, context: &ToolContext, arguments: &str) -> ToolResult {
        let Some(tool) = self.0.get(name) else { return Err("there is no such tool".into()) };
        let cut = |text: String| shorten(&text, MAX_RESULT).into_owned();
        tool.call(context, arguments).await.map(cut).map_err(cut)
    }
}

impl ToolTable for Toolbox {
    fn effect(&self, tool: &str) -> Option<EffectClass> {
        self.0.get(tool).map(|tool| tool.effect())
    }

    fn check(&self, tool: &str, arguments: &str) -> Result<(), String> {
        self.0.get(tool).map_or_else(|| Err("there is no such tool".into()), |tool| tool.check(arguments))
    }
}
