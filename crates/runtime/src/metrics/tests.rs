//! The table against its own rules, the recorder against the table, the page against the table.

use super::*;

#[test]
fn names_follow_the_rules() {
    let mut names: Vec<&str> = TABLE.iter().map(|metric| metric.name).collect();
    for metric in TABLE {
        let name = metric.name;
        assert!(name.starts_with("webhooks_") || name.starts_with("hookwheel_"), "{name}");
        assert_eq!(metric.kind == Kind::Counter, name.ends_with("_total"), "{name}");
        assert!(metric.help.trim().ends_with('.'), "{name} has no sentence of help");
        assert!(!metric.by.is_empty(), "{name} is emitted by nobody");
        if let Kind::Histogram(bounds) = metric.kind {
            assert!(bounds.is_sorted(), "{name}");
        }
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "a name is in the table twice");
}

#[test]
fn closed_labels_are_combined_and_an_open_one_forbids_it() {
    let find = |name| TABLE.iter().find(|metric| metric.name == name).unwrap();
    assert_eq!(find(PROJECTOR_EVENTS_TOTAL).closed_combinations().len(), 3);
    assert_eq!(find(PROJECTOR_BATCH_ROWS).closed_combinations(), [[]; 1]);
    assert!(find(DELIVERIES_TOTAL).closed_combinations().is_empty());
}

#[test]
fn services_of_one_process_share_the_recorder_and_histograms_have_buckets() {
    let first = install(PROJECTOR).unwrap();
    let second = install(AGENT_RUNNER).unwrap();
    metrics::counter!(PROJECTOR_EVENTS_TOTAL, "outcome" => "applied").increment(2);
    metrics::histogram!(LLM_REQUEST_DURATION_SECONDS, "provider" => "p", "model" => "m").record(0.7);

    let text = second.render();
    assert!(text.contains("hookwheel_projector_events_total{outcome=\"failed\"} 0"), "{text}");
    assert!(
        text.contains("hookwheel_llm_request_duration_seconds_bucket{provider=\"p\",model=\"m\",le=\"1\"} 1"),
        "{text}"
    );
    assert!(text.contains("service=\"projector\"") && text.contains("service=\"agent-runner\""), "{text}");
    assert!(text.contains("process_resident_memory_bytes"), "{text}");
    assert!(!text.contains("quantile="), "a histogram has no buckets:\n{text}");
    assert!(first.render().contains("hookwheel_projector_events_total{outcome=\"applied\"} 2"));
}

#[test]
fn labels_stay_inside_their_sets() {
    assert_eq!(label::known("policy", REJECT_REASONS), "policy");
    assert_eq!(label::known("../../etc", REJECT_REASONS), label::OTHER);

    let bounded = label::Bounded::new(2);
    let seen = ["push", "issues", "ping", "push"].map(|value| bounded.label(value).to_string());
    assert_eq!(seen, ["push", "issues", label::OTHER, "push"]);
    assert_eq!(&*label::Bounded::new(2).label(&"x".repeat(65)), label::OTHER);
}

#[test]
fn the_page_says_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating/metrics.md");
    if std::env::var_os("HOOKWHEEL_WRITE_DOCS").is_some() {
        std::fs::write(path, markdown()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    let remedy = "HOOKWHEEL_WRITE_DOCS=1 cargo test -p hookwheel-runtime the_page";
    assert!(page == markdown(), "docs/operating/metrics.md is out of date; write it anew with: {remedy}");
}

/// A metric is added to the table when it is emitted, and leaves it with its last emitter.
#[test]
fn every_metric_is_recorded_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = String::new();
    for folder in ["services", "crates/log/src", "crates/store/src", "crates/agent/src", "crates/runtime/src"] {
        gather(&root.join(folder), &mut sources);
    }
    let constant = |name: &str| name.split_once('_').map(|(_, rest)| rest.to_uppercase()).unwrap_or_default();
    let silent: Vec<&str> = TABLE
        .iter()
        .map(|metric| metric.name)
        .filter(|name| !sources.contains(&format!("\"{name}\"")) && !sources.contains(&constant(name)))
        .collect();
    assert_eq!(silent, [""; 0]);
}

fn gather(folder: &std::path::Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, sources);
        } else if path.extension().is_some_and(|it| it == "rs")
            && !path.ends_with("metrics/table.rs")
            && !path.ends_with("metrics/tests.rs")
        {
            sources.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
