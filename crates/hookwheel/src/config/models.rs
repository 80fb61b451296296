//! `[models.<name>]`: who answers, and how to reach them.

use std::collections::{BTreeMap, BTreeSet};

use hookwheel_agent::scripted::Script;
use hookwheel_core::agent::{Model, Provider};
use hookwheel_runtime::settings::Table;

use super::file::Notes;
use super::process::Profile;
use super::secret;
use crate::exit::chain;

const PROVIDERS: [(&str, Provider); 6] = [
    ("scripted", Provider::Scripted),
    ("openai", Provider::Openai),
    ("anthropic", Provider::Anthropic),
    ("gemini", Provider::Gemini),
    ("ollama", Provider::Ollama),
    ("openai_compatible", Provider::OpenaiCompatible),
];

/// The models of the file.
pub(super) struct Models {
    /// Those without a mistake.
    pub sound: BTreeMap<String, Model>,
    /// Every name, so that a broken model is not reported as missing as well.
    pub names: BTreeSet<String>,
}

pub(super) fn read(root: &Table<'_>, profile: Profile, notes: &mut Notes) -> Models {
    let mut models = Models { sound: BTreeMap::new(), names: BTreeSet::new() };
    for (name, table) in root.each_table("models") {
        if let Some(model) = model(&table, profile, notes) {
            models.sound.insert(name.clone(), model);
        }
        models.names.insert(name);
    }
    models
}

fn model(table: &Table<'_>, profile: Profile, notes: &mut Notes) -> Option<Model> {
    let base_url = base_url(table);
    let api_key = secret::reference(table, "api_key", notes);
    let max_output_tokens = table.opt_u64("max_output_tokens", 1..=1_000_000);
    if table.required_str("provider", "\"anthropic\"").is_none() {
        table.required_str("model", "\"..\"");
        return None;
    }
    let provider = table.opt_choice("provider", &PROVIDERS);
    let model = table.required_str("model", provider.map_or("\"..\"", example));
    let provider = provider?;
    let model = match provider {
        Provider::Scripted => script(table, model?, notes),
        _ => model,
    };
    forbid(table, provider, profile);
    require(table, provider);
    Some(Model {
        provider,
        model: model?,
        base_url,
        api_key,
        max_output_tokens: max_output_tokens.and_then(|most| u32::try_from(most).ok()),
    })
}

/// The name of a built-in script, or the path of one that can be read.
fn script(table: &Table<'_>, name: String, notes: &Notes) -> Option<String> {
    if Script::built_in(&name).is_some() {
        return Some(name);
    }
    let path = notes.resolve(&name);
    match Script::from_file(&path) {
        Ok(_) => Some(path.display().to_string()),
        Err(error) => {
            let what = format!("script {name:?} cannot be used: {}", chain(&error));
            table.mistake("model", what, "write \"github-issue\", which is built in, or mend the file");
            None
        }
    }
}

fn base_url(table: &Table<'_>) -> Option<String> {
    let wanted = "an address like \"http://127.0.0.1:11434/v1/\"";
    let url: reqwest::Url = table.parsed("base_url", wanted)?;
    if !matches!(url.scheme(), "http" | "https") {
        table.mistake("base_url", format!("`base_url` should be {wanted}"), "begin it with http:// or https://");
    }
    table.opt_str("base_url")
}

fn forbid(table: &Table<'_>, provider: Provider, profile: Profile) {
    if provider == Provider::Scripted && profile == Profile::Production {
        table.mistake(
            "provider",
            "a scripted model gives canned answers and is refused in the production profile",
            "name a real provider, or write `profile = \"development\"`",
        );
    }
}

fn require(table: &Table<'_>, provider: Provider) {
    let place = table.name();
    let keyed = matches!(provider, Provider::Openai | Provider::Anthropic | Provider::Gemini);
    if keyed && !table.has("api_key") {
        let variable = format!("{}_API_KEY", provider.as_str().to_uppercase());
        let what = format!("[{place}] lacks `api_key`, which {} asks for", provider.as_str());
        table.mistake("api_key", what, format!("add `api_key = {{ env = \"{variable}\" }}`"));
    }
    if provider == Provider::OpenaiCompatible && !table.has("base_url") {
        let what = format!("[{place}] lacks `base_url`, the address of the server");
        table.mistake("base_url", what, "add `base_url = \"http://127.0.0.1:8000/v1/\"`");
    }
}

/// What one would write for `model`.
fn example(provider: Provider) -> &'static str {
    match provider {
        Provider::Scripted => "\"github-issue\"",
        _ => "\"the provider's name for it\"",
    }
}
