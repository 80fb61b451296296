//! The demo really does what it shows.

use crate::kit::{hookwheel, run};

#[test]
fn demo_takes_a_signed_delivery_to_a_finished_run_and_recognises_the_repeat() {
    let ran = run(&["demo", "--once", "--json"]).expect(0);
    let report = ran.json();
    assert_eq!(report["delivery"]["state"], "completed", "{report}");
    assert_eq!(report["run"]["state"], "completed");
    assert_eq!(report["tool_calls"][0]["tool"], "notes");
    assert_eq!(report["tool_calls"][0]["status"], "ok");
    assert_eq!(report["repeat"]["state"], "deduplicated");
    assert_eq!(report["repeat"]["id"], report["delivery"]["id"]);
    assert!(report["timings_ms"]["finished"].is_number());
    assert!(report["model"].as_str().unwrap().contains("canned answers, no AI"));
    assert_eq!(ran.err(), "", "a program that reads hears nothing else");
}

#[test]
fn demo_shows_every_stage_in_order_and_keeps_what_it_is_told_to_keep() {
    let dir = tempfile::tempdir().unwrap();
    let output = hookwheel().args(["demo", "--once", "--data-dir"]).arg(dir.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let stages = ["received", "normalized", "run started", "model turn", "tool call", "finished", "queryable", "repeated"];
    let places: Vec<_> = stages.iter().map(|stage| err.find(stage).unwrap_or_else(|| panic!("{stage}: {err}"))).collect();
    assert!(places.is_sorted(), "{err}");
    assert!(err.contains("SCRIPTED MODEL") && out.contains("SCRIPTED MODEL"));
    for next in ["ANTHROPIC_API_KEY", "base_url", "ollama"] {
        assert!(out.contains(next), "{next}: {out}");
    }
    let notes = std::fs::read_to_string(dir.path().join("notes.md")).unwrap();
    assert!(notes.contains("run_"), "{notes}");
}
