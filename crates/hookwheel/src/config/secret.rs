//! Secrets by reference: where they are, never what they are.

use std::path::Path;

use hookwheel_core::webhook::SecretRef;
use hookwheel_runtime::secret::{Secret, SecretError};
use hookwheel_runtime::settings::Table;

use super::file::Notes;

/// Reads the secret a reference points to.
pub fn read_secret(reference: &SecretRef) -> Result<Secret, SecretError> {
    match reference {
        SecretRef::Env(name) => Secret::from_env(name),
        SecretRef::File(path) => Secret::from_file(Path::new(path)),
    }
}

/// `key = { env = ".." }` or `{ file = ".." }`, if set. A literal is refused: a configuration is copied and shown.
pub(super) fn reference(table: &Table<'_>, key: &str, notes: &Notes) -> Option<SecretRef> {
    match table.kind(key)? {
        "string" => {
            let what = format!("`{key}` holds the secret itself");
            let remedy = format!(
                "keep it outside this file and write `{key} = {{ env = \"NAME\" }}` or `{key} = {{ file = \"PATH\" }}`"
            );
            table.mistake(key, what, remedy);
            None
        }
        _ => where_it_is(&table.opt_table(key)?, notes),
    }
}

/// A list of references.
pub(super) fn references(table: &Table<'_>, key: &str, notes: &Notes) -> Vec<SecretRef> {
    table.tables(key).iter().filter_map(|one| where_it_is(one, notes)).collect()
}

fn where_it_is(table: &Table<'_>, notes: &Notes) -> Option<SecretRef> {
    let remedy = "write `{ env = \"NAME\" }` or `{ file = \"PATH\" }`";
    match (table.opt_str("env"), table.opt_path("file")) {
        (Some(name), None) if is_variable_name(&name) => Some(SecretRef::Env(name)),
        (Some(_), None) => {
            let what = "`env` should be the name of an environment variable";
            table.mistake("env", what, "write the variable's name (letters, digits, _), not its value");
            None
        }
        (None, Some(path)) => Some(SecretRef::File(notes.resolve(path).display().to_string())),
        (Some(_), Some(_)) => {
            table.mistake("file", "a secret is in one place, this names two", remedy);
            None
        }
        (None, None) => {
            table.mistake("env", "this does not say where the secret is", remedy);
            None
        }
    }
}

fn is_variable_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
