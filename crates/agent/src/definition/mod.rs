//! Reads `agents/<name>.md`: YAML front matter for what is portable about an agent, the body for its instructions.
//!
//! ```markdown
//! ---
//! description: Looks at new issues        # optional
//! model: default                          # a named model; `inherit` and nothing mean `default`
//! tools: [notes, webhook_get_full_payload]  # or "notes, webhook_get_full_payload"; nothing means no tools
//! on_uncertain: tell_model                # or fail
//! limits: { max_turns: 8, tool_timeout_s: 20 }
//! ---
//! You look at new issues and note what is worth knowing.
//! ```
//!
//! A subagent file written for Claude Code loads with warnings for what has no meaning here; any other unknown key is a
//! mistake. All mistakes are reported at once.

mod fields;
mod node;

use hookwheel_core::agent::{Agent, Limits, OnUncertain};
use hookwheel_core::ids::AgentName;

use fields::Fields;
use node::Front;

/// The named model of an agent that names none.
pub const DEFAULT_MODEL: &str = "default";

/// Something to put right. The operator's move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Line of the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub remedy: String,
}

/// Something that has no effect here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Line of the file, from 1.
    pub line: usize,
    /// What it is.
    pub what: String,
}

/// Reads the file of the agent `name` (its file's name without `.md`).
pub fn parse(name: &str, text: &str) -> Result<(Agent, Vec<Warning>), Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let agent_name = AgentName::parse(name).map_err(|bad| {
        let remedy = format!("rename the file: {}", bad.why);
        vec![Mistake { line: 1, what: bad.to_string(), remedy }]
    })?;
    let (front, body) = split(text)?;
    let mut fields = Fields::new(front);
    let agent = Agent {
        description: fields.text("description", 1024).unwrap_or_default(),
        model: model(&mut fields),
        tools: fields.tools(),
        limits: limits(&mut fields),
        on_uncertain: on_uncertain(&mut fields),
        instructions: body.trim().to_owned(),
        name: agent_name,
    };
    own_name(&mut fields, name);
    if agent.instructions.is_empty() {
        let line = text.lines().count().max(1);
        fields.mistake(line, "the agent has no instructions", "write them below the front matter, in plain words");
    }
    fields.finish().map(|warnings| (agent, warnings))
}

/// Front matter and body. A file without front matter is all body.
fn split(text: &str) -> Result<(Front, &str), Vec<Mistake>> {
    let Some(rest) = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n")) else {
        return Ok((Front::default(), text));
    };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Ok((Front::parse(&rest[..at])?, &rest[at + line.len()..]));
        }
        at += line.len();
    }
    let remedy = "close it with a line that is just ---".to_owned();
    Err(vec![Mistake { line: 1, what: "the front matter has no end".into(), remedy }])
}

fn model(fields: &mut Fields) -> String {
    let named = fields.text("model", 64).filter(|name| name != "inherit" && !name.is_empty());
    named.unwrap_or_else(|| DEFAULT_MODEL.to_owned())
}

fn own_name(fields: &mut Fields, name: &str) {
    let line = fields.line("name");
    if let Some(own) = fields.text("name", 64).filter(|own| own != name) {
        fields.warn(line, format!("name {own:?} is not used: an agent is called like its file, {name:?}"));
    }
}

fn on_uncertain(fields: &mut Fields) -> OnUncertain {
    match fields.choice("on_uncertain", &["tell_model", "fail"]) {
        Some("fail") => OnUncertain::Fail,
        _ => OnUncertain::TellModel,
    }
}

/// `limits`, and `maxTurns` or `max_turns` beside it.
fn limits(fields: &mut Fields) -> Limits {
    let mut limits = Limits::default();
    let mut inner = fields.table("limits");
    inner_limits(&mut inner, &mut limits);
    fields.absorb(inner);
    take(fields, "max_turns", 1..=200, &mut limits.max_turns);
    take(fields, "maxTurns", 1..=200, &mut limits.max_turns);
    limits
}

fn inner_limits(fields: &mut Fields, limits: &mut Limits) {
    take(fields, "max_turns", 1..=200, &mut limits.max_turns);
    take(fields, "max_tool_calls", 0..=1000, &mut limits.max_tool_calls);
    take(fields, "max_calls_per_turn", 1..=64, &mut limits.max_calls_per_turn);
    take(fields, "max_input_tokens", 1000..=100_000_000, &mut limits.max_input_tokens);
    take(fields, "max_output_tokens", 100..=10_000_000, &mut limits.max_output_tokens);
    take(fields, "timeout_s", 1..=86_400, &mut limits.timeout_s);
    take(fields, "tool_timeout_s", 1..=600, &mut limits.tool_timeout_s);
    take(fields, "model_timeout_s", 1..=3600, &mut limits.model_timeout_s);
    take(fields, "model_attempts", 1..=20, &mut limits.model_attempts);
}

fn take<T: TryFrom<u64>>(fields: &mut Fields, key: &'static str, range: std::ops::RangeInclusive<u64>, into: &mut T) {
    if let Some(number) = fields.number(key, range)
        && let Ok(number) = T::try_from(number)
    {
        *into = number;
    }
}

#[cfg(test)]
mod tests;
