//! The commands that need no running service, and what the others say when there is none.

use std::path::{Path, PathBuf};

use hookwheel_core::Timestamp;
use hookwheel_core::webhook::Auth;
use hookwheel_sources::{self as sources, Headers, Request};
use tempfile::TempDir;

use crate::kit::{SECRET, run};

#[test]
fn verify_says_genuine_or_which_rule_failed() {
    let capture = Capture::github();
    let genuine = capture.verify(&["--json"]).expect(0).json();
    assert_eq!((&genuine["verdict"], &genuine["scheme"]), (&"genuine".into(), &"github_hmac_sha256".into()));

    capture.write("secret", "another one\n");
    let refused = capture.verify(&["--json"]).expect(4);
    assert_eq!(refused.json()["rule"], "signature_mismatch");
    assert!(!refused.err().contains("another one"), "the secret is never shown");

    capture.write("headers", "X-GitHub-Event: issues\n");
    assert!(capture.verify(&[]).expect(4).err().contains("missing_signature"));
}

#[test]
fn verify_finds_the_usual_slips() {
    let capture = Capture::github();
    let body = std::fs::read_to_string(capture.path("body")).unwrap();
    capture.write("body", &format!("{body}\n"));
    assert!(capture.verify(&[]).expect(4).err().contains("white space that was not sent"));

    capture.write("body", &body);
    capture.write("secret", &format!(" {SECRET} \n"));
    assert!(capture.verify(&[]).expect(4).err().contains("white space around it"));
}

#[test]
fn normalize_says_what_a_delivery_means() {
    let capture = Capture::github();
    capture.write("issue", include_str!("../../src/demo/issue.json"));
    let issue = shown(&capture.path("issue"));
    let event = run(&["normalize", &issue, "-H", "X-GitHub-Event: issues", "--json"]).expect(0).json();
    assert_eq!(event["event_type"], "issues.opened", "{event}");
    assert_eq!(event["entity"], "github:acme/widgets:issue:42", "{event}");

    capture.write("issue", "{");
    let refused = run(&["normalize", &issue, "-H", "X-GitHub-Event: issues"]).expect(4);
    assert!(refused.err().contains("not JSON"), "{}", refused.err());
}

#[test]
fn check_exits_with_2_and_gives_programs_every_mistake() {
    let wrong = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/wrong/hookwheel.toml");
    let ran = run(&["check", "--config", &shown(&wrong), "--json"]).expect(2);
    let mistakes = ran.json()["mistakes"].as_array().unwrap().len();
    assert!(mistakes >= 8 && ran.err().contains(&format!("{mistakes} mistakes")), "{}", ran.err());

    let nowhere = run(&["check", "--config", "/nonexistent/hookwheel.toml"]).expect(2);
    assert!(nowhere.err().contains("--config"), "{}", nowhere.err());
}

#[test]
fn check_takes_the_shipped_example() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/examples/hookwheel.toml");
    let checked = run(&["check", "--config", &shown(&example), "--json"]).expect(0).json();
    assert_eq!(checked["webhooks"][0]["agents"][0], "triager");
}

#[test]
fn what_is_away_is_said_with_a_remedy_and_exits_with_5() {
    let api = run(&["deliveries", "--api", "http://127.0.0.1:1"]).expect(5);
    assert!(api.err().contains("hookwheel up"), "{}", api.err());
    let broker = run(&["provision", "--nats-url", "nats://127.0.0.1:1", "--wait", "1s"]).expect(5);
    assert!(broker.err().contains("no broker at nats://127.0.0.1:1"), "{}", broker.err());
    assert!(broker.err().contains("remedy:"), "{}", broker.err());
    let capture = Capture::github();
    let secret = shown(&capture.path("secret"));
    run(&["send", "--url", "http://127.0.0.1:1/webhooks/x", "--secret-file", &secret]).expect(5);
}

#[test]
fn wrong_usage_exits_with_2() {
    run(&["deliver"]).expect(2);
    run(&["deliveries", "--limit", "0"]).expect(2);
    run(&["provision", "--keep-deliveries", "1h"]).expect(2);
    assert!(run(&["verify", "/dev/null"]).expect(2).err().contains("--secret-env"));
}

#[test]
fn doctor_names_what_is_missing_with_the_line_that_fixes_it() {
    let capture = Capture::github();
    capture.write("hookwheel.toml", "[webhooks.a]\nsource = \"github\"\nsecret = { file = \"not-there\" }\n");
    let ran = run(&["doctor", "--config", &shown(&capture.path("hookwheel.toml")), "--json"]).expect(1);
    let findings = ran.json()["findings"].as_array().unwrap().clone();
    let missing: Vec<_> = findings.iter().filter(|finding| finding["state"] == "missing").collect();
    assert_eq!(missing.len(), 1, "{findings:?}");
    assert!(missing[0]["fix"].as_str().unwrap().contains("openssl rand -hex 32 > "), "{missing:?}");
}

#[test]
fn bench_and_completions_work() {
    let measured = run(&["bench", "--seconds", "1", "--writers", "8", "--json"]).expect(0).json();
    assert!(measured["appends"].as_u64().unwrap() > 0, "{measured}");
    assert!(run(&["completions", "bash"]).expect(0).out().contains("_hookwheel"));
}

/// A genuine GitHub request in files.
struct Capture(TempDir);

impl Capture {
    fn github() -> Self {
        let capture = Self(tempfile::tempdir().unwrap());
        let (headers, body) = sources::source("github").unwrap().sample(7);
        let lower = headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.clone().into_bytes())).collect();
        let request = Request { method: "POST", headers: &Headers(lower), body: &body };
        let proof = sources::sign(&Auth::GithubHmacSha256, SECRET.as_bytes(), &request, Timestamp::from_secs(0));
        let lines: String = headers.iter().chain(&proof).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        capture.write("headers", &format!("POST /webhooks/a HTTP/1.1\r\n{lines}\r\n"));
        capture.write("body", &String::from_utf8(body).unwrap());
        capture.write("secret", &format!("{SECRET}\n"));
        capture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn verify(&self, more: &[&str]) -> crate::kit::Ran {
        let (body, headers, secret) = (self.path("body"), self.path("headers"), self.path("secret"));
        let (body, headers, secret) = (shown(&body), shown(&headers), shown(&secret));
        run(&[&["verify", &body, "--headers", &headers, "--secret-file", &secret], more].concat())
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
