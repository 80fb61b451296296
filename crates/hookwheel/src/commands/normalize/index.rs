//! An index of example bodies: what each means, one JSON line a file, and where that is not what the index says.

use std::collections::BTreeMap;
use std::path::Path;

use hookwheel_core::event::Event;
use hookwheel_sources::{self as sources, Headers, Request, Source};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::commands::endpoint;
use crate::exit::Failure;
use crate::output;

/// One body, and what it came with.
#[derive(Deserialize)]
struct Row {
    /// Beside the index.
    file: String,
    /// Its sender. Whoever has no profile is read as any sender of JSON.
    source: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    expect: Expect,
}

/// What it should mean; nothing is expected of what is absent.
#[derive(Default, Deserialize)]
struct Expect {
    event_type: Option<String>,
    entity_key: Option<String>,
    dedup_key: Option<String>,
}

/// What it does mean.
struct Found {
    /// The sender's own id for it; none when only the body's hash would serve.
    dedup_key: Option<String>,
    /// Why the profile would not take it.
    refused: Option<&'static str>,
    events: Vec<Event>,
}

/// Prints what every row of the index means. With `check` a row that says otherwise is a failure.
pub(super) fn run(path: &Path, check: bool) -> Result<(), Failure> {
    let rows: Vec<Row> = serde_json::from_slice(&read(path)?)
        .map_err(|error| Failure::usage(format!("{} is no index of bodies: {error}", path.display())))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut wrong = Vec::new();
    for row in &rows {
        let found = row.find(&read(&folder.join(&row.file))?)?;
        output::print(row.line(&found));
        wrong.extend(row.differences(&found));
    }
    if !check || wrong.is_empty() {
        return Ok(());
    }
    wrong.iter().for_each(|line| output::say(output::shown(line)));
    Err(Failure::failed(format!(
        "{} in {}",
        output::count(wrong.len(), "difference"),
        output::count(rows.len(), "file")
    )))
}

impl Row {
    fn find(&self, body: &[u8]) -> Result<Found, Failure> {
        let source = self.source()?;
        let headers = self.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone().into_bytes()));
        let headers = Headers(headers.collect());
        let request = Request { method: "POST", url: "", headers: &headers, body };
        let webhook = endpoint::webhook_of(source)?;
        let admitted = source.admit(&webhook, &request);
        let refused = admitted.as_ref().err().map(|bad| super::what_is_bad(*bad).0);
        let dedup_key = admitted.ok().filter(|key| !key.starts_with("sha256:"));
        Ok(Found { dedup_key, refused, events: source.events(&webhook, &request) })
    }

    fn source(&self) -> Result<&'static dyn Source, Failure> {
        let known = sources::source(&self.source).or_else(|| sources::source("generic"));
        known.ok_or_else(|| Failure::failed(format!("there is no source profile {:?}", self.source)))
    }

    fn line(&self, found: &Found) -> Value {
        let mut line = json!({
            "file": self.file,
            "event_type": found.event_type(),
            "entity_key": found.entity_key(),
            "dedup_key": found.dedup_key,
            "summary": found.events.first().map(super::summary),
        });
        if found.events.len() > 1 {
            line["events"] = found.events.len().into();
        }
        if let Some(why) = found.refused {
            line["refused"] = why.into();
        }
        line
    }

    fn differences(&self, found: &Found) -> impl Iterator<Item = String> {
        let sides = [
            ("event_type", self.expect.event_type.as_deref(), found.event_type()),
            ("entity_key", self.expect.entity_key.as_deref(), found.entity_key()),
            ("dedup_key", self.expect.dedup_key.as_deref(), found.dedup_key.as_deref()),
        ];
        let differ = sides.into_iter().filter(|(_, wanted, got)| wanted.is_some() && wanted != got);
        differ.map(|(name, wanted, got)| format!("{}: {name} is {got:?}, expected {wanted:?}", self.file))
    }
}

impl Found {
    fn event_type(&self) -> Option<&str> {
        self.events.first()?.event_type.as_deref()
    }

    fn entity_key(&self) -> Option<&str> {
        self.events.first()?.entity.as_ref().map(|entity| entity.as_str())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}
