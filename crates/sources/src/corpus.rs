//! Every example body of every source means what its index says: `fixtures/<source>/index.json`.

use std::path::{Path, PathBuf};

use hookwheel_core::EntityKey;
use serde::Deserialize;

use crate::summary::WHOLE;
use crate::tests::webhook;
use crate::{Headers, Request};

/// One row of an index: a body, the headers it came with, and what it means.
#[derive(Deserialize)]
struct Row {
    file: String,
    source: String,
    headers: std::collections::BTreeMap<String, String>,
    expect: Expect,
}

/// Absent: not decided here.
#[derive(Deserialize)]
struct Expect {
    event_type: Option<String>,
    entity_key: Option<String>,
    dedup_key: Option<String>,
}

#[test]
fn every_example_means_what_its_index_says() {
    let mut wrong = Vec::new();
    let indexes = indexes();
    assert!(indexes.len() > 8, "the fixtures are missing");
    for folder in indexes {
        for row in rows(&folder) {
            wrong.extend(differences(&folder, &row).map(|what| format!("{}/{}: {what}", row.source, row.file)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_profile_makes_an_event_of_another_ones_body() {
    for folder in indexes() {
        let row = &rows(&folder)[0];
        let body = std::fs::read(folder.join(&row.file)).unwrap();
        let headers = Headers::default();
        let request = Request { method: "POST", url: "", headers: &headers, body: &body };
        for source in crate::all() {
            let hook = webhook(source.name());
            assert!(!source.events(&hook, &request).is_empty(), "{} of {}", source.name(), row.file);
            if let Ok(key) = source.admit(&hook, &request) {
                assert!(!key.is_empty() && key.len() <= 255, "{} of {}: {key}", source.name(), row.file);
            }
        }
    }
}

/// Where a row and what we make of it part.
fn differences(folder: &Path, row: &Row) -> impl Iterator<Item = String> {
    let body = std::fs::read(folder.join(&row.file)).unwrap();
    let headers = row.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone().into_bytes()));
    let headers = Headers(headers.collect());
    let request = Request { method: "POST", url: "", headers: &headers, body: &body };
    let Some(source) = crate::source(&row.source) else { return vec!["no such profile".to_owned()].into_iter() };
    let hook = webhook(source.name());
    let mut found = Vec::new();
    let mut compare = |name: &str, wanted: &Option<String>, got: Option<&str>| {
        if wanted.is_some() && wanted.as_deref() != got {
            found.push(format!("{name} is {got:?}, not {wanted:?}"));
        }
    };
    let event = source.describe(&hook, &request);
    compare("event_type", &row.expect.event_type, event.event_type.as_deref());
    compare("entity_key", &row.expect.entity_key, event.entity.as_ref().map(EntityKey::as_str));
    match source.admit(&hook, &request) {
        Ok(key) => compare("dedup_key", &row.expect.dedup_key, Some(&key)),
        Err(bad) => found.push(format!("refused: {bad:?}")),
    }
    let size: usize = event.summary.iter().map(|f| f.name.len() + f.value.chars().count()).sum();
    if size > WHOLE || event.summary.is_empty() {
        found.push(format!("a summary of {size} characters"));
    }
    found.into_iter()
}

fn indexes() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folders = std::fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|folder| folder.join("index.json").exists()).collect()
}

fn rows(folder: &Path) -> Vec<Row> {
    serde_json::from_slice(&std::fs::read(folder.join("index.json")).unwrap()).unwrap()
}
