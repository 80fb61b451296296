//! `agents/*.md`: each file an agent, its mistakes reported with those of the configuration file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hookwheel_agent::{definition, tools};
use hookwheel_core::agent::Agent;
use hookwheel_core::ids::AgentName;
use hookwheel_runtime::settings::{Mistake, Reader, did_you_mean};

use super::file::Notes;
use super::models::Models;

/// The agents of a directory.
pub(super) struct Agents {
    /// Those without a mistake.
    pub sound: BTreeMap<AgentName, Agent>,
    /// Every file's name, so that a broken agent is not reported as missing as well.
    names: BTreeSet<String>,
    dir: PathBuf,
}

impl Agents {
    /// What to do about a name nobody has; `None` when there is such an agent.
    pub fn missing(&self, name: &str) -> Option<String> {
        if self.names.contains(name) {
            return None;
        }
        let near = did_you_mean(name, self.names.iter().map(String::as_str));
        Some(near.unwrap_or_else(|| format!("write {}", self.dir.join(format!("{name}.md")).display())))
    }
}

pub(super) fn read(reader: &Reader, dir: &Path, models: &Models, notes: &mut Notes) -> Agents {
    let mut agents = Agents { sound: BTreeMap::new(), names: BTreeSet::new(), dir: dir.to_path_buf() };
    for path in files(dir) {
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        if let Some(agent) = agent(&path, &name, reader, models, notes) {
            agents.sound.insert(agent.name.clone(), agent);
        }
        agents.names.insert(name);
    }
    agents
}

/// The markdown files of the directory, by name. A directory that is not there has none.
pub(super) fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    files.sort();
    files
}

fn agent(path: &Path, name: &str, reader: &Reader, models: &Models, notes: &mut Notes) -> Option<Agent> {
    let file = path.display().to_string();
    let note = |line, what, remedy| reader.note(Mistake { file: file.clone(), line, column: 1, what, remedy });
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) => {
            note(1, format!("the file cannot be read: {cause}"), "check its permissions and that it is UTF-8".into());
            return None;
        }
    };
    match definition::parse(name, &text) {
        Ok((agent, warnings)) => {
            for warning in warnings {
                notes.warn_at(
                    file.clone(),
                    warning.line,
                    warning.what,
                    "remove it, or leave it for the program that reads it",
                );
            }
            if !models.names.contains(&agent.model) {
                let (what, remedy) = no_model(&agent.model, models);
                note(line_of(&text, "model:"), what, remedy);
            }
            for tool in agent.tools.iter().filter(|tool| !exists(tool)) {
                let (line, what) = (line_of(&text, "tools:"), format!("there is no tool {tool:?}"));
                match did_you_mean(tool, tools::BUILT_IN) {
                    Some(remedy) => note(line, what, remedy),
                    // Files written for other programs name their tools too; what does not exist is not offered.
                    None => {
                        notes.warn_at(file.clone(), line, what, format!("there are {}", tools::BUILT_IN.join(", ")))
                    }
                }
            }
            Some(agent)
        }
        Err(mistakes) => {
            mistakes.into_iter().for_each(|mistake| note(mistake.line, mistake.what, mistake.remedy));
            None
        }
    }
}

/// Whether the agent-runner has such a tool; a test's own one counts.
fn exists(tool: &str) -> bool {
    tools::BUILT_IN.contains(&tool) || std::env::var_os(tools::TEST_TOOLS_VARIABLE).is_some()
}

fn no_model(name: &str, models: &Models) -> (String, String) {
    let near = did_you_mean(name, models.names.iter().map(String::as_str));
    let add = format!("add `[models.{name}]` with `provider` and `model` to the configuration");
    (format!("there is no model {name:?}"), near.unwrap_or(add))
}

/// The first line that begins with this, else the first line.
fn line_of(text: &str, start: &str) -> usize {
    text.lines().position(|line| line.starts_with(start)).map_or(1, |index| index + 1)
}
