//! The demo really does what it shows.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::kit::{Ran, hookwheel, interrupt, run, wait_until};

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
fn demo_does_not_mind_the_settings_of_a_real_installation() {
    let mut command = hookwheel();
    command.args(["demo", "--once", "--json"]).env("HOOKWHEEL_PROFILE", "production");
    command.env("HOOKWHEEL_SERVER__INTAKE", "192.0.2.1:1").env("HOOKWHEEL_CONFIG", "/nonexistent");
    Ran::of(&mut command).expect(0);
}

#[test]
fn demo_stays_until_it_is_asked_to_stop() {
    let mut command = hookwheel();
    let mut demo = command.args(["demo", "--output", "jsonl"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(demo.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let report: serde_json::Value = serde_json::from_str(&line).unwrap();
    let (api, id) = (report["inspector"].as_str().unwrap(), report["delivery"]["id"].as_str().unwrap());
    let shown = run(&["deliveries", "show", id, "--api", api, "--json"]).expect(0).json();
    assert_eq!(shown["state"], "completed");
    interrupt(&demo);
    assert_eq!(wait_until("the demo has ended", || demo.try_wait().unwrap()).code(), Some(0));
}

#[test]
fn demo_fails_when_the_tool_call_did_not_happen() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("notes.md")).unwrap();
    let ran = run(&["demo", "--once", "--json", "--data-dir", dir.path().to_str().unwrap()]).expect(1);
    assert!(ran.err().contains("this did not happen"), "{}", ran.err());
}

#[test]
fn demo_shows_every_stage_in_order_and_keeps_what_it_is_told_to_keep() {
    let dir = tempfile::tempdir().unwrap();
    let output = hookwheel().args(["demo", "--once", "--data-dir"]).arg(dir.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let stages =
        ["received", "normalized", "run started", "model turn", "tool call", "finished", "queryable", "repeated"];
    let places: Vec<_> =
        stages.iter().map(|stage| err.find(stage).unwrap_or_else(|| panic!("{stage}: {err}"))).collect();
    assert!(places.is_sorted(), "{err}");
    assert!(err.contains("SCRIPTED MODEL") && out.contains("SCRIPTED MODEL"));
    for next in ["ANTHROPIC_API_KEY", "base_url", "ollama"] {
        assert!(out.contains(next), "{next}: {out}");
    }
    let notes = std::fs::read_to_string(dir.path().join("notes.md")).unwrap();
    assert!(notes.contains("run_"), "{notes}");
}
