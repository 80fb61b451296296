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
fn verify_judges_files_of_vectors() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../sources/fixtures/vectors");
    let files: Vec<_> = ["github", "slack", "twilio", "standard_webhooks_v1a", "generic_hmac"]
        .map(|name| format!("{folder}/{name}.json"))
        .to_vec();
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    let out = run(&[&["verify", "--vectors"], &files[..], &["--check"]].concat()).expect(0).out();
    assert!(out.contains(r#"{"id":"github/valid","verdict":"accept","reason":"ok"}"#), "{out}");
    assert!(out.lines().any(|line| line.contains("github/only_legacy_sha1") && line.contains(r#""reason":"missing""#)));
    assert_eq!(out.lines().count(), 18 + 21 + 16 + 23 + 13);

    let dir = tempfile::tempdir().unwrap();
    let doctored = dir.path().join("doctored.json");
    let text = std::fs::read_to_string(files[0]).unwrap().replacen(r#""accept""#, r#""reject""#, 1);
    std::fs::write(&doctored, text).unwrap();
    let doctored = doctored.display().to_string();
    run(&["verify", "--vectors", &doctored]).expect(0);
    let failed = run(&["verify", "--vectors", &doctored, "--check"]).expect(1);
    assert!(failed.err().contains("disagrees: github/valid"));
}

#[test]
fn verify_judges_handshakes_by_what_is_answered() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../sources/fixtures/handshakes.json");
    let out = run(&["verify", "--vectors", file, "--check"]).expect(0).out();
    assert_eq!(out.lines().count(), 15);
    assert!(out.contains(r#"{"id":"zoom/url_validation","verdict":"challenge","reason":"ok"}"#), "{out}");
    assert!(out.contains(r#"{"id":"meta/hub_challenge_wrong_token","verdict":"reject","reason":"mismatch"}"#), "{out}");

    let dir = tempfile::tempdir().unwrap();
    let doctored = dir.path().join("doctored.json");
    let text = std::fs::read_to_string(file).unwrap().replacen("f729849db09dfdc851d93a37d97faa8485732286\"", "f7\"", 1);
    std::fs::write(&doctored, text).unwrap();
    let failed = run(&["verify", "--vectors", &doctored.display().to_string(), "--check"]).expect(1);
    assert!(failed.err().contains("disagrees: slack/url_verification"));
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
fn normalize_reads_an_index_and_says_where_it_is_wrong() {
    let index = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sources/fixtures/linear/index.json");
    let ran = run(&["normalize", "--index", &shown(&index), "--check"]).expect(0);
    let first: serde_json::Value = serde_json::from_str(ran.out().lines().next().unwrap()).unwrap();
    assert_eq!(first["event_type"], "issue.create", "{first}");
    assert_eq!(first["dedup_key"], serde_json::Value::Null, "a hash is no key of the sender's");

    let capture = Capture::github();
    capture.write("body.json", r#"{"anything":1}"#);
    let row =
        r#"[{"file":"body.json","source":"somebody","headers":{"X-Event-Type":"a.b"},"expect":{"event_type":"c"}}]"#;
    capture.write("index.json", row);
    let index = shown(&capture.path("index.json"));
    assert_eq!(run(&["normalize", "--index", &index]).expect(0).json()["event_type"], "a.b");
    let wrong = run(&["normalize", "--index", &index, "--check"]).expect(1);
    assert!(wrong.err().contains("expected Some(\"c\")"), "{}", wrong.err());
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
        let request = Request { method: "POST", url: "", headers: &Headers(lower), body: &body };
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
