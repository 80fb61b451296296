//! Configuration: every mistake at once, and the shipped example is sound.

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use hookwheel::cli::Cli;
use hookwheel::config::{ConfigArgs, Configuration, webhook_id};
use hookwheel_core::limit::{Limits, OnLimit};
use hookwheel_core::webhook::{Auth, Encoding, KeyFrom, SecretRef, SessionMode};
use serde_json::{Value, json};

#[test]
fn a_wrong_configuration_names_every_mistake_with_its_place_and_remedy() {
    let mistakes = ConfigArgs::alone(here("wrong/hookwheel.toml")).read().unwrap_err();
    let text = mistakes.to_string().replace(&here("wrong").display().to_string(), "");
    assert_eq!(text, include_str!("wrong/expected.txt").trim_end(), "found:\n{text}");
    assert!(!text.contains("shown"), "a secret in the wrong place is never repeated");
}

#[test]
fn the_shipped_example_is_sound() {
    let example = repository("deploy/examples/hookwheel.toml");
    let configuration = ConfigArgs::alone(example).read().unwrap();
    let snapshot = &configuration.snapshots[0];
    assert_eq!(snapshot.webhook.slug.as_str(), "github");
    assert_eq!(snapshot.webhook.auth, Auth::GithubHmacSha256);
    assert_eq!(snapshot.webhook.routes[0].session, SessionMode::PerEntity);
    assert_eq!(snapshot.agents.len(), 1);
    assert!(configuration.warnings.is_empty(), "{:?}", configuration.warnings);
}

#[test]
fn the_manual_starts_with_a_sound_configuration_of_eight_lines() {
    let manual = std::fs::read_to_string(repository("docs/operating/configuration.md")).unwrap();
    let smallest = manual.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(smallest.lines().count(), 8);
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("agents")).unwrap();
    std::fs::copy(repository("deploy/examples/agents/triager.md"), dir.path().join("agents/triager.md")).unwrap();
    std::fs::write(dir.path().join("hookwheel.toml"), smallest).unwrap();
    assert_eq!(ConfigArgs::alone(dir.path().join("hookwheel.toml")).read().unwrap().snapshots.len(), 1);
}

#[test]
fn the_manual_names_every_command() {
    let manual = std::fs::read_to_string(repository("docs/operating/commands.md")).unwrap();
    for command in Cli::command().get_subcommands() {
        let name = command.get_name();
        assert!(manual.contains(&format!("`{name}")), "docs/operating/commands.md lacks `{name}`");
    }
}

#[test]
fn every_key_of_the_manual_is_read() {
    let configuration = read(EVERYTHING).unwrap();
    let process = &configuration.process;
    assert_eq!(process.server.intake.port(), 1);
    assert_eq!((process.workers, process.keep.deliveries.as_secs()), (2, 72 * 3600));
    let [bot] = configuration.snapshots.as_slice() else { panic!("one webhook") };
    let webhook = &bot.webhook;
    assert_eq!(webhook.id.as_str(), "wh_0123456789abcdef");
    assert!(
        matches!(&webhook.auth, Auth::Hmac(scheme) if scheme.header == "x-sign" && scheme.encoding == Encoding::Base64)
    );
    assert!(matches!(&webhook.secrets[0], SecretRef::Env(name) if name == "NEW"));
    assert!(matches!(&webhook.secrets[1], SecretRef::File(path) if Path::new(path).is_absolute()));
    assert_eq!(webhook.delivery_key, Some(KeyFrom::Header("x-id".into())));
    assert_eq!((webhook.max_body, webhook.entity_pointers.len(), webhook.enabled), (2048, 1, false));
    assert_eq!(webhook.routes[0].name, "first");
    let filter = serde_json::to_value(&webhook.events).unwrap();
    let test = |field: &str, operator: Value| json!({ "test": { "field": field, "operator": operator } });
    assert_eq!(filter["fields"], json!({ "repos": ["octo/hello"], "labels": ["bug", "p*"] }));
    assert_eq!(filter["ignore_actors"], json!(["dependabot[bot]"]));
    let size = json!({ "all": [test("body.size", json!({ "gt": 1 })), test("body.size", json!({ "lt": 9.5 }))] });
    let title = json!({ "not": test("facts.title", json!({ "matches": "^wip" })) });
    let draft = test("body.draft", json!({ "not_equals": true }));
    assert_eq!(filter["when"], json!({ "all": [draft, { "any": [size, title] }] }));
    assert_eq!(webhook.routes[1].session, SessionMode::PerDelivery);
    assert_eq!(bot.models["default"].max_output_tokens, Some(100));
}

#[test]
fn schemes_are_named_and_the_impossible_ones_are_refused() {
    let auth = |auth: &str| {
        let model = "[models.default]\nprovider = \"ollama\"\nmodel = \"m\"\n";
        let webhook = format!("[webhooks.a]\nsource = \"generic\"\nsecret = {{ env = \"S\" }}\nauth = {auth}\n");
        read(&format!("{model}{webhook}")).map(|configuration| configuration.snapshots[0].webhook.auth.clone())
    };
    assert_eq!(auth(r#""slack""#), Ok(Auth::scheme("slack")));
    assert_eq!(auth(r#""pagerduty""#), Ok(Auth::scheme("pagerduty_v2_signature")));
    assert_eq!(auth(r#""github""#), Ok(Auth::GithubHmacSha256));
    let stripe = Auth::Scheme { name: "stripe_webhook_signature".into(), tolerance: Some(600) };
    assert_eq!(auth(r#"{ mode = "stripe", tolerance = "10m" }"#), Ok(stripe));
    assert_eq!(auth(r#"{ mode = "query_token", parameter = "t" }"#), Ok(Auth::QueryToken { parameter: "t".into() }));
    let own = r#"{ mode = "hmac", header = "X-S", template = "{ts}.{body}", timestamp_header = "X-T", key = "hex" }"#;
    assert!(matches!(auth(own), Ok(Auth::Hmac(scheme)) if scheme.time.as_ref().is_some_and(|t| t.tolerance == 300)));
    for (wrong, says) in [
        (r#""slak""#, "slack"),
        (r#""twilio""#, "public_base_url"),
        (r#"{ mode = "asana", tolerance = "1m" }"#, "signs no time"),
        (r#"{ mode = "hmac", header = "X-S", template = "{ts}" }"#, "does not sign the body"),
        (r#"{ mode = "hmac", header = "X-S", template = "{body}", timestamp_header = "X-T" }"#, "need each other"),
        (r#"{ mode = "hmac", header = "X-S", template = "{body}{form}" }"#, "a field that nobody has"),
    ] {
        let mistakes = auth(wrong).unwrap_err();
        assert!(mistakes.contains(says), "{wrong}: {mistakes}");
    }
}

#[test]
fn handshakes_have_their_own_keys_where_the_source_has_a_use_for_them() {
    let webhook = |source: &str, rest: &str| {
        let text = format!("{SMALL}[webhooks.other]\nsource = \"{source}\"\n{rest}\n");
        read(&text).map(|configuration| {
            configuration.snapshots.into_iter().map(|s| s.webhook).find(|w| w.slug.as_str() == "other")
        })
    };
    let pairing = webhook("asana", "pairing_until = \"2026-11-21T10:00:00+01:00\"").unwrap().unwrap();
    assert_eq!(pairing.pairing_until.map(|at| at.rfc3339()).as_deref(), Some("2026-11-21T09:00:00.000000Z"));
    assert!(pairing.secrets.is_empty(), "the provider is yet to choose it");
    let secret = "secret = { env = \"S\" }\n";
    let meta = webhook("meta", &format!("{secret}verify_token = {{ env = \"T\" }}")).unwrap().unwrap();
    assert_eq!(meta.verify_token, Some(SecretRef::Env("T".into())));
    let base = "public_base_url = \"https://hooks.example.com\"\n";
    let moved = webhook("github", &format!("{secret}{base}public_path = \"/in/gh\"")).unwrap().unwrap();
    assert_eq!(moved.public_path.as_deref(), Some("/in/gh"));
    for (source, wrong, says) in [
        ("github", "pairing_until = \"2026-11-21T10:00:00Z\"", "is for source \"asana\""),
        ("asana", "pairing_until = \"tomorrow\"", "a time, such as"),
        ("github", "verify_token = { env = \"T\" }", "is for source \"meta\""),
        ("meta", "verify_token = \"literal\"", "holds the secret itself"),
        ("github", "public_path = \"/in/gh\"", "without `public_base_url`"),
    ] {
        let mistakes = webhook(source, &format!("{secret}{wrong}")).unwrap_err();
        assert!(mistakes.contains(says), "{wrong}: {mistakes}");
    }
}

#[test]
fn limits_hold_for_all_webhooks_unless_one_says_otherwise() {
    let usual = read(SMALL).unwrap().snapshots.remove(0).webhook.gate;
    assert_eq!(usual.limits, Limits { webhook: Some(60), global: Some(300), on_limit: OnLimit::Defer });
    let text = format!(
        "[limits]\nper_webhook = 0\nglobal = 7\non_limit = \"reject\"\n[server]\ntrusted_proxies = [\"10.0.0.0/8\"]\n{SMALL}per_minute = 5\non_limit = \"defer\"\nallow_from = [\"192.0.2.1\", \"2001:db8::/32\"]\nquiet = true\nreplay_guard = true\n[webhooks.other]\nsource = \"generic\"\nauth = \"none\"\n"
    );
    let configuration = read(&text).unwrap();
    let [small, other] = configuration.snapshots.as_slice() else { panic!("two webhooks") };
    assert_eq!(small.webhook.gate.limits, Limits { webhook: Some(5), global: Some(7), on_limit: OnLimit::Defer });
    assert_eq!(other.webhook.gate.limits, Limits { webhook: None, global: Some(7), on_limit: OnLimit::Reject });
    assert!(small.webhook.gate.quiet && small.webhook.gate.replay_guard);
    assert!(small.webhook.gate.admits([192, 0, 2, 1].into()) && !small.webhook.gate.admits([192, 0, 2, 2].into()));
    assert_eq!(configuration.process.server.trusted_proxies.len(), 1);
}

#[test]
fn wrong_limits_are_told_together() {
    let text = format!(
        "[limits]\nglobal = -1\non_limit = \"drop\"\n[server]\ntrusted_proxies = [\"here\"]\n{SMALL}per_minute = 2000000\nallow_from = [\"192.0.2.0/33\"]\n"
    );
    let mistakes = read(&text).unwrap_err();
    for told in [
        "5 mistakes",
        "`global`",
        "`on_limit`",
        "`trusted_proxies` holds \"here\"",
        "`per_minute`",
        "`allow_from` holds",
    ] {
        assert!(mistakes.contains(told), "{told}: {mistakes}");
    }
}

const SMALL: &str = "[models.default]\nprovider = \"scripted\"\nmodel = \"github-issue\"\n[webhooks.hook]\nsource = \"generic\"\nauth = \"none\"\n";

#[test]
fn the_id_of_a_webhook_stays_when_the_file_is_read_again() {
    let example = || ConfigArgs::alone(repository("deploy/examples/hookwheel.toml")).read().unwrap();
    assert_eq!(example().snapshots[0].webhook.id, webhook_id("github").unwrap());
    assert_eq!(example().snapshots[0].hash(), example().snapshots[0].hash());
}

#[test]
fn a_scripted_model_is_refused_in_production() {
    let text = "profile = \"production\"\n[models.default]\nprovider = \"scripted\"\nmodel = \"github-issue\"\n";
    let mistakes = read(text).unwrap_err();
    assert!(mistakes.contains("3:12: a scripted model gives canned answers"), "{mistakes}");
}

const EVERYTHING: &str = r#"
profile = "development"
data_dir = "data"
agents_dir = "agents"
workers = 2
[server]
intake = "127.0.0.1:1"
api = "0.0.0.0:2"
admin = "127.0.0.1:3"
api_keys = "keys"
[log]
path = "l.db"
ack_wait = "10s"
[store]
path = "t.db"
[retention]
deliveries = "72h"
runs = "4d"
[models.default]
provider = "openai_compatible"
model = "m"
base_url = "http://127.0.0.1:1/v1/"
api_key = { env = "KEY" }
max_output_tokens = 100
[webhooks.bot]
id = "wh_0123456789abcdef"
enabled = false
source = "generic"
auth = { mode = "hmac", header = "X-Sign", prefix = "v1=", encoding = "base64", hash = "sha512" }
secrets = [{ env = "NEW" }, { file = "old" }]
events = ["a", "b"]
deny_events = ["c"]
max_body = "2KiB"
ignore_actors = ["dependabot[bot]"]
repos = "octo/hello"
labels = ["bug", "p*"]
when = [
  { field = "body.draft", not_equals = true },
  { any = [{ field = "body.size", gt = 1, lt = 9.5 }, { not = { field = "facts.title", matches = "^wip" } }] },
]
entity = ["/ticket/id"]
delivery_key = { header = "X-Id" }
[[webhooks.bot.routes]]
agent = "helper"
name = "first"
prompt_suffix = "Be kind."
[[webhooks.bot.routes]]
agent = "helper"
events = ["a"]
session = "per_delivery"
"#;

fn read(text: &str) -> Result<Configuration, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("agents")).unwrap();
    std::fs::write(dir.path().join("agents/helper.md"), "Help.").unwrap();
    let path = dir.path().join("hookwheel.toml");
    std::fs::write(&path, text).unwrap();
    ConfigArgs::alone(path).read().map_err(|mistakes| mistakes.to_string())
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(path)
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
