//! What a provider's own checks of us need: the path it knows us by, its token, the time in which it may pair.

use hookwheel_core::Timestamp;
use hookwheel_core::webhook::SecretRef;
use hookwheel_runtime::settings::Table;
use hookwheel_sources::Source;

use super::file::Notes;
use super::secret;

/// `public_path`: the path senders use where a proxy rewrites it. `None` has been reported.
pub(super) fn public_path(table: &Table<'_>, base: Option<&Option<String>>) -> Option<Option<String>> {
    if !table.has("public_path") {
        return Some(None);
    }
    let remedy = "write it like `public_path = \"/in/github\"`, beside `public_base_url`";
    let path = table.opt_str("public_path")?;
    let sound = path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic() && b != b'?' && b != b'#');
    if !sound {
        table.mistake("public_path", "`public_path` should be the path of a URL", remedy);
        return None;
    }
    if base.is_some_and(Option::is_none) {
        table.mistake("public_path", "`public_path` says nothing without `public_base_url`", remedy);
        return None;
    }
    Some(Some(path))
}

/// `verify_token`: what the provider names to subscribe us. `None` has been reported.
pub(super) fn verify_token(
    table: &Table<'_>,
    source: Option<&'static dyn Source>,
    notes: &Notes,
) -> Option<Option<SecretRef>> {
    if !table.has("verify_token") {
        return Some(None);
    }
    let token = secret::reference(table, "verify_token", notes);
    only(table, "verify_token", "meta", source).then_some(())?;
    token.map(Some)
}

/// `pairing_until`: until when a provider that chooses the secret may do so. `None` has been reported.
pub(super) fn pairing_until(table: &Table<'_>, source: Option<&'static dyn Source>) -> Option<Option<Timestamp>> {
    if !table.has("pairing_until") {
        return Some(None);
    }
    let until = table.parsed("pairing_until", "a time, such as \"2026-11-21T10:00:00Z\"");
    only(table, "pairing_until", "asana", source).then_some(())?;
    until.map(Some)
}

/// Whether the key is at a source that has a use for it; told if not.
fn only(table: &Table<'_>, key: &str, wanted: &str, source: Option<&'static dyn Source>) -> bool {
    let fits = source.is_none_or(|source| source.name() == wanted);
    if !fits {
        table.mistake(key, format!("`{key}` is for source {wanted:?}"), "remove it");
    }
    fits
}
