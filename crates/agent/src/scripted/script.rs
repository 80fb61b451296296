//! Scripts: a list of rules in YAML; the first that fits answers.
//!
//! ```yaml
//! rules:
//!   - event: issues.opened   # exact type, or `issues` for all of its actions; left out: any
//!     turn: 1                # left out: any
//!     delay_ms: 0            # how long the model "thinks", at most 60000
//!     text: looking at it
//!     calls:
//!       - tool: notes
//!         arguments: { text: an issue was opened }
//! ```

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

const GITHUB_ISSUE: &str = include_str!("github-issue.yaml");
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// A list of rules; the first that fits answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    rules: Vec<Rule>,
}

/// What to answer, and when.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The event type it is for; all when absent.
    #[serde(default)]
    event: Option<String>,
    /// The turn it is for, from 1; all when absent.
    #[serde(default)]
    turn: Option<usize>,
    #[serde(default)]
    delay_ms: u64,
    /// What to say.
    #[serde(default)]
    pub text: Option<String>,
    /// What to call.
    #[serde(default)]
    pub calls: Vec<ScriptedCall>,
}

/// One canned call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: serde_json::Map<String, serde_json::Value>,
}

/// A script cannot be used. The operator's move.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// Neither built in nor a readable file.
    #[error("neither a built-in script (there is `github-issue`) nor a readable file")]
    Unreadable(#[source] std::io::Error),
    /// Not a script.
    #[error("not a script: {0}")]
    Malformed(String),
}

impl Script {
    /// The script that comes with hookwheel under this name.
    pub fn built_in(name: &str) -> Option<Result<Self, ScriptError>> {
        (name == "github-issue").then(|| Self::parse(GITHUB_ISSUE))
    }

    /// Reads a file.
    pub fn from_file(path: &Path) -> Result<Self, ScriptError> {
        Self::parse(&std::fs::read_to_string(path).map_err(ScriptError::Unreadable)?)
    }

    /// Reads YAML.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        serde_saphyr::from_str(text).map_err(|cause| ScriptError::Malformed(cause.to_string()))
    }

    /// The first rule that fits.
    pub(super) fn rule(&self, event_type: Option<&str>, turn: usize) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.turn.is_none_or(|t| t == turn) && rule.fits(event_type))
    }
}

impl Rule {
    fn fits(&self, event_type: Option<&str>) -> bool {
        let Some(wanted) = self.event.as_deref() else { return true };
        let Some(rest) = event_type.and_then(|event| event.strip_prefix(wanted)) else { return false };
        rest.is_empty() || rest.starts_with('.')
    }

    pub(super) fn delay(&self) -> Option<Duration> {
        (self.delay_ms > 0).then(|| Duration::from_millis(self.delay_ms).min(LONGEST_DELAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_answers() {
        let script = "rules: [{event: issues, turn: 1, text: a}, {turn: 1, text: b}, {text: c}]";
        let script = Script::parse(script).unwrap();
        let text = |event, turn| script.rule(event, turn).and_then(|rule| rule.text.as_deref());
        assert_eq!(text(Some("issues.opened"), 1), Some("a"));
        assert_eq!(text(Some("issues_other"), 1), Some("b"));
        assert_eq!(text(None, 1), Some("b"));
        assert_eq!(text(Some("issues"), 2), Some("c"));
    }

    #[test]
    fn the_built_in_script_is_sound_and_a_typo_is_not() {
        assert!(Script::built_in("github-issue").unwrap().is_ok());
        assert!(Script::built_in("gitlab-issue").is_none());
        assert!(Script::parse("rules: [{txt: a}]").is_err());
    }
}
