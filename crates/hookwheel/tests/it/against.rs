//! `check --against`: clause by clause, for files, indexes, JSON lines and stored deliveries.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit::{Ran, Up, run, wait_until};

const CONFIGURATION: &str = r#"
data_dir = "data"
[server]
intake = "127.0.0.1:0"
api = "127.0.0.1:0"
admin = "127.0.0.1:0"
[models.default]
provider = "scripted"
model = "github-issue"
[webhooks.repo]
source = "github"
auth = "none"
ignore_actors = ["dependabot[bot]"]
[[webhooks.repo.routes]]
name = "bugs"
agent = "helper"
labels = ["bug"]
[[webhooks.repo.routes]]
name = "large"
agent = "helper"
when = { field = "body.issue.title", gt = 100 }
"#;

fn issue(actor: &str, label: &str) -> Value {
    json!({
        "action": "opened",
        "issue": { "number": 7, "title": "It breaks", "user": { "login": actor }, "labels": [{ "name": label }] },
        "repository": { "full_name": "octo/hello" },
        "sender": { "login": actor },
    })
}

fn configured() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("agents")).unwrap();
    std::fs::write(dir.path().join("agents/helper.md"), "Help.").unwrap();
    std::fs::write(dir.path().join("hookwheel.toml"), CONFIGURATION).unwrap();
    dir
}

fn write(dir: &TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn check(dir: &Path, args: &[&str]) -> Ran {
    let config = dir.join("hookwheel.toml").display().to_string();
    run(&[&["check", "--config", &config], args].concat())
}

#[test]
fn a_body_is_explained_clause_by_clause() {
    let dir = configured();
    let body = write(&dir, "body.json", &issue("ada", "bug").to_string());
    let args = ["--against", &body, "--source", "github", "-H", "X-GitHub-Event: issues"];
    let answer = check(dir.path(), &[&args[..], &["--json"]].concat()).expect(0).json();
    let answer = &answer[0];
    assert_eq!((&answer["event_type"], &answer["webhook"]), (&json!("issues.opened"), &json!("repo")));
    assert_eq!((&answer["starts"], &answer["stopped_by"]), (&json!(["bugs"]), &json!(null)));
    assert_eq!(
        answer["routes"][0]["clauses"][0],
        json!({ "rule": "labels one of \"bug\"", "outcome": "passed", "seen": ["\"bug\""] })
    );
    let large = &answer["routes"][1];
    assert_eq!(large["starts"], false);
    assert_eq!(large["stopped_by"], "filter error: body.issue.title gt 100: text is not a number");

    let table = check(dir.path(), &args).expect(0).out();
    assert!(table.contains("issues.opened would start bugs"), "{table}");
    assert!(table.lines().any(|line| line.starts_with("route large") && line.contains("error: decided")), "{table}");
}

#[test]
fn an_index_and_json_lines_are_explained_one_by_one() {
    let dir = configured();
    write(&dir, "one.json", &issue("dependabot[bot]", "bug").to_string());
    write(&dir, "two.json", &issue("ada", "docs").to_string());
    let headers = json!({ "X-GitHub-Event": "issues" });
    let row = |file: &str| json!({ "file": file, "source": "github", "headers": headers });
    let index = write(&dir, "index.json", &json!([row("one.json"), row("two.json")]).to_string());
    let line = |body: Value| json!({ "webhook": "repo", "headers": [["X-GitHub-Event", "issues"]], "body": body });
    let lines = format!("{}\n{}\n", line(issue("ada", "bug")), line(json!(issue("bob", "x").to_string())));
    let lines = write(&dir, "some.jsonl", &lines);

    let out = check(dir.path(), &["--against", &index, &lines, "--output", "jsonl"]).expect(0).out();
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stopped: Vec<_> = answers.iter().map(|answer| answer["stopped_by"].as_str().unwrap_or("-")).collect();
    let error = "filter error: body.issue.title gt 100: text is not a number";
    assert_eq!(stopped, ["actor \"dependabot[bot]\" is on the list of ignored actors", error, "-", error]);
    assert_eq!(answers[1]["delivery"], "two.json");
}

#[test]
fn a_stored_delivery_is_read_from_the_api() {
    let dir = configured();
    let up = Up::start(dir.path());
    let config = dir.path().join("hookwheel.toml").display().to_string();
    let url = format!("{}/webhooks/repo", up.intake);
    let sent = wait_until("the webhook is known", || {
        let sent = run(&["send", "--config", &config, "--webhook", "repo", "--url", &url, "--json"]);
        serde_json::from_str::<Value>(&sent.out()).ok().filter(|sent| sent["status"] == 202)
    });
    let id = sent["body"]["delivery_id"].as_str().unwrap();
    let explained = wait_until("the delivery is in the tables", || {
        let ran = check(dir.path(), &["--against", id, "--api", &up.api, "--json"]);
        serde_json::from_str::<Value>(&ran.out()).ok()
    });
    assert_eq!((&explained[0]["delivery"], &explained[0]["webhook"]), (&json!(id), &json!("repo")));
    assert_eq!(explained[0]["clauses"][0]["rule"], "is no handshake of the provider");

    let rows = run(&["deliveries", "--api", &up.api, "--output", "jsonl"]).expect(0).out();
    let rows = write(&dir, "rows.jsonl", &rows);
    let listed = check(dir.path(), &["--against", &rows, "--api", &up.api, "--json"]).expect(0).json();
    assert_eq!(listed, explained);
    check(dir.path(), &["--against", "dlv_00000000000000000000000000000000", "--api", &up.api]).expect(3);
    assert_eq!(up.stop(), Some(0));
}

#[test]
fn what_cannot_be_explained_says_why_and_keeps_no_other_from_it() {
    let dir = configured();
    let body = write(&dir, "body.json", &issue("ada", "bug").to_string());
    let broken = write(&dir, "broken.json", "{");
    let args = ["--against", &broken, &body, "--webhook", "repo", "-H", "X-GitHub-Event: issues", "--json"];
    let ran = check(dir.path(), &args).expect(1);
    assert!(ran.json()[0]["error"].as_str().unwrap().contains("source github refuses it"), "{}", ran.out());
    assert_eq!(ran.json()[1]["starts"], json!(["bugs"]));
    assert!(check(dir.path(), &["--against", &body]).expect(1).out().contains("name it with --source or --webhook"));
    assert!(check(dir.path(), &["--against", "no/such.json"]).expect(2).err().contains("cannot read"));
}
