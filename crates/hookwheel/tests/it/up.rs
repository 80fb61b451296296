//! `up` as its users meet it: deliveries, the read side, hot reload, drain.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::kit::{Ran, SECRET, Up, run, wait_until};

const CONFIG: &str = r#"
data_dir = "data"
[server]
intake = "127.0.0.1:0"
api = "127.0.0.1:0"
admin = "127.0.0.1:0"
[models.default]
provider = "scripted"
model = "github-issue"
[webhooks.bot]
source = "github"
secret = { file = "secret" }
routes = [{ agent = "triager" }]
"#;

const SECOND: &str = r#"
[webhooks.second]
source = "standard_webhooks"
secret = { file = "second-secret" }
"#;

#[test]
fn a_delivery_sent_to_up_is_taken_once_and_read_back_with_its_run() {
    let home = Home::new();
    let up = Up::start(home.path());
    let first = home.send(&up, "bot", &["--seed", "5"]).expect(0).json();
    assert_eq!(first["status"], 202, "{first}");
    let again = home.send(&up, "bot", &["--seed", "5"]).expect(0).json();
    assert_eq!((&again["status"], &again["body"]["status"]), (&200.into(), &"deduplicated".into()));
    assert_eq!(again["body"]["delivery_id"], first["body"]["delivery_id"]);

    let id = first["body"]["delivery_id"].as_str().unwrap();
    let delivery = wait_until("the delivery has completed", || {
        let shown = run(&["deliveries", "show", id, "--api", &up.api, "--json"]);
        serde_json::from_str::<Value>(&shown.out()).ok().filter(|delivery| delivery["state"] == "completed")
    });
    let listed = run(&["deliveries", "--api", &up.api, "--json"]).expect(0).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");

    let wrong = home.path().join("wrong-secret");
    std::fs::write(&wrong, "a secret of somebody else").unwrap();
    let (wrong, url) = (wrong.display().to_string(), format!("{}/webhooks/bot", up.intake));
    run(&["send", "--source", "github", "--secret-file", &wrong, "--url", &url]).expect(4);
    let refused = wait_until("the refusal is listed", || {
        let out = run(&["deliveries", "--rejected", "--webhook", "bot", "--api", &up.api]).expect(0).out();
        Some(out).filter(|out| out.contains("WHAT TO DO"))
    });
    assert!(refused.contains("the proof belongs to another secret or to another body"), "{refused}");
    assert!(refused.contains("the sender signs with another secret") && refused.contains("x-hub-signature-256"));
    let run_id = delivery["run_rows"][0]["id"].as_str().unwrap();
    let shown = run(&["runs", "show", run_id, "--api", &up.api]).expect(0);
    assert!(shown.out().contains("notes") && shown.err().contains("SCRIPTED MODEL"), "{}", shown.out());
    run(&["deliveries", "show", "dlv_00000000000000000000000000000000", "--api", &up.api]).expect(3);
    assert_eq!(up.stop(), Some(0));
}

#[test]
fn emptied_tables_are_filled_again_from_the_log() {
    let home = Home::new();
    let up = Up::start(home.path());
    let sent = home.send(&up, "bot", &[]).expect(0).json();
    let id = sent["body"]["delivery_id"].as_str().unwrap();
    let completed = || {
        let shown = run(&["deliveries", "show", id, "--api", &up.api, "--json"]);
        serde_json::from_str::<Value>(&shown.out()).ok().filter(|delivery| delivery["state"] == "completed")
    };
    let before = wait_until("the delivery has completed", completed);
    let config = home.path().join("hookwheel.toml").display().to_string();
    run(&["projector", "rebuild", "--config", &config]).expect(0);
    let after = wait_until("the rows are back", completed);
    assert_eq!(before, after);

    let body = run(&["deliveries", "body", id, "--api", &up.api]).expect(0);
    let kept = home.path().join("body");
    std::fs::write(&kept, body.out()).unwrap();
    let event = run(&["normalize", &kept.display().to_string(), "-H", "X-GitHub-Event: pull_request", "--json"]);
    assert_eq!(event.expect(0).json()["entity"], after["entity"], "the raw body is what was sent");
}

#[test]
fn a_wrong_secret_is_refused() {
    let home = Home::new();
    let up = Up::start(home.path());
    home.send(&up, "bot", &[]).expect(0);
    home.write("other-secret", "not the secret");
    let url = format!("{}/webhooks/bot", up.intake);
    let secret = home.path().join("other-secret").display().to_string();
    run(&["send", "--url", &url, "--secret-file", &secret]).expect(4);
    run(&["send", "--url", &format!("{}/webhooks/nobody", up.intake), "--secret-file", &secret]).expect(3);
}

#[test]
fn a_changed_file_takes_effect_and_a_broken_one_changes_nothing() {
    let home = Home::new();
    home.write("second-secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let mut up = Up::start(home.path());
    home.send(&up, "bot", &[]).expect(0);

    home.write("hookwheel.toml", &format!("{CONFIG}{SECOND}"));
    up.wait_for_line("applied the changed configuration");
    wait_until("the second webhook takes deliveries", || {
        home.send(&up, "second", &[]).json().get("status").filter(|status| **status == 202).cloned()
    });

    home.write("hookwheel.toml", &CONFIG.replace("source = \"github\"", "source = \"githb\""));
    let said = up.wait_for_line("names no source profile");
    assert!(said.to_string().contains("hookwheel.toml:11:10"), "{said}");
    let secret = home.path().join("secret").display().to_string();
    let url = format!("{}/webhooks/bot", up.intake);
    run(&["send", "--url", &url, "--secret-file", &secret]).expect(0);
    assert_eq!(up.stop(), Some(0));
}

#[test]
fn a_second_up_on_the_same_data_is_refused() {
    let home = Home::new();
    let _up = Up::start(home.path());
    let config = home.path().join("hookwheel.toml").display().to_string();
    run(&["up", "--config", &config]).expect(5);
}

/// A directory with a configuration, an agent and a secret.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(home.path().join("agents")).unwrap();
        home.write("agents/triager.md", "---\ntools: [notes]\n---\nLook at the issue and note it.");
        home.write("secret", SECRET);
        home.write("hookwheel.toml", CONFIG);
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Sends until the intake knows the webhook.
    fn send(&self, up: &Up, slug: &str, more: &[&str]) -> Ran {
        let config = self.path().join("hookwheel.toml").display().to_string();
        let url = format!("{}/webhooks/{slug}", up.intake);
        let args = [&["send", "--config", &config, "--webhook", slug, "--url", &url, "--json"], more].concat();
        wait_until("the webhook is known", || {
            let sent = run(&args);
            let status = serde_json::from_str::<Value>(&sent.out()).ok()?["status"].as_u64();
            (!matches!(status, Some(404 | 503))).then_some(sent)
        })
    }
}
