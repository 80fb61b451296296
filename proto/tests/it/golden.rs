//! Bytes once written stay readable: every file in `golden/` means the same for ever.
//!
//! A new kind or variant gets a new file: add its sample and run the tests with `HOOKWHEEL_WRITE_GOLDEN=1`, which
//! writes what is missing and never touches what is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hookwheel_proto::{decode, kind};

use crate::{samples, stored};

#[test]
fn golden_bytes_decode_to_what_they_meant() {
    for sample in samples::all() {
        let path = folder().join(format!("{}.bin", sample.name));
        if std::env::var_os("HOOKWHEEL_WRITE_GOLDEN").is_some() && !path.exists() {
            std::fs::write(&path, &sample.record.payload).unwrap();
        }
        let golden = std::fs::read(&path).unwrap_or_else(|cause| {
            panic!("{}: {cause}; new kinds: HOOKWHEEL_WRITE_GOLDEN=1 cargo test -p hookwheel-proto", path.display())
        });
        let mut record = stored(sample.record);
        record.payload = golden.into();
        assert_eq!(decode(&record).unwrap(), sample.fact, "{}", sample.name);
    }
}

#[test]
fn this_version_writes_the_golden_bytes() {
    for sample in samples::all() {
        let golden = std::fs::read(folder().join(format!("{}.bin", sample.name))).unwrap();
        assert_eq!(sample.record.payload, golden, "{}", sample.name);
    }
}

#[test]
fn every_golden_file_is_tested() {
    let tested: BTreeSet<_> = samples::all().into_iter().map(|sample| sample.name).collect();
    assert_eq!(files(), tested);
}

#[test]
fn every_kind_has_a_golden_file() {
    for kind in kind::KINDS {
        let prefix = format!("{}-v1", kebab(kind));
        assert!(files().iter().any(|name| name.starts_with(&prefix)), "no golden/{prefix}*.bin");
    }
}

#[test]
fn every_enumerated_value_has_a_golden_file() {
    // The enumerations whose members are variants of some golden file, and what those files' names start with.
    let prefixes = [
        ("NOTICE_KIND_", "notice-v1-"),
        ("ENTRY_KIND_", "run-entry-v1-"),
        ("MODEL_FAILURE_", "run-entry-v1-model-call-failed-"),
        ("EFFECT_CLASS_", "run-entry-v1-tool-call-started-"),
        ("TOOL_STATUS_", "run-entry-v1-tool-call-finished-"),
        ("RUN_OUTCOME_", "run-entry-v1-finished-"),
    ];
    let values = schema_values();
    assert!(values.len() > 30, "the schema was not understood: {values:?}");
    for value in values {
        let (member, prefix) = prefixes
            .iter()
            .find_map(|(of, file)| value.strip_prefix(of).map(|member| (member, file)))
            .unwrap_or_else(|| panic!("{value} belongs to an enumeration this test does not know"));
        let wanted = format!("{prefix}{}", member.to_lowercase().replace('_', "-"));
        assert!(files().iter().any(|name| name.starts_with(&wanted)), "no golden/{wanted}*.bin");
    }
}

/// Names of all enumerated values of the schema, but for the unspecified ones.
fn schema_values() -> Vec<String> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/hookwheel/v1");
    std::fs::read_dir(schema)
        .unwrap()
        .flat_map(|file| {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            text.lines().filter_map(enum_value).collect::<Vec<_>>()
        })
        .collect()
}

fn enum_value(line: &str) -> Option<String> {
    let (name, number) = line.trim().strip_suffix(';')?.split_once(" = ")?;
    let upper = name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    (upper && number != "0").then(|| name.to_owned())
}

fn files() -> BTreeSet<String> {
    let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    std::fs::read_dir(folder()).unwrap().map(|file| stem(file.unwrap().path())).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// `RunEntry` to `run-entry`.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
