//! `[secrets]`: where sealed secrets are kept, and the master keys that open them.

use std::path::PathBuf;

use hookwheel_runtime::seal::KeySource;
use hookwheel_runtime::settings::Table;

use super::file::Notes;
use super::secret::is_variable_name;

/// Settings of sealed secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealing {
    /// The file of sealed secrets, written by `hookwheel secret`.
    pub file: PathBuf,
    /// Where the master keys are, if anything is to be sealed or opened.
    pub keys: Option<KeySource>,
}

impl Sealing {
    pub(super) fn read(table: &Table<'_>, notes: &Notes) -> Self {
        let file = notes.resolve(table.str("file", "secrets.sealed.json"));
        let path = table.opt_path("key_file").map(|path| KeySource::File(notes.resolve(path)));
        let variable = variable(table).map(KeySource::Env);
        let words = Some(table.list("key_command")).filter(|words| !words.is_empty()).map(KeySource::Command);
        let mut named = [path, variable, words].into_iter().flatten();
        let keys = named.next();
        if named.next().is_some() {
            let what = "the master keys are in one place, this names two";
            table.mistake("key_file", what, "write one of `key_file`, `key_env` and `key_command`");
        }
        Self { file, keys }
    }
}

fn variable(table: &Table<'_>) -> Option<String> {
    let name = table.opt_str("key_env")?;
    if is_variable_name(&name) {
        return Some(name);
    }
    let what = "`key_env` should be the name of an environment variable";
    table.mistake("key_env", what, "write the variable's name (letters, digits, _), not its value");
    None
}
