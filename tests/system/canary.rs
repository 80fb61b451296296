//! Secrets with a mark are put into every place that takes one, and then looked for in everything that is written.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hookwheel_core::Timestamp;
use hookwheel_runtime::clock;
use hookwheel_sources::{Headers, Request, sign, source};
use hookwheel_tests::collector::Collector;
use hookwheel_tests::process::{binary, eventually};
use hookwheel_tests::world::{Kind, Options, Part, World};

/// Every secret there is, by the file, variable or header it is in.
const ENV: &str = "Canary-in-a-variable";
const FILE: &str = "Canary-in-a-file-of-its-own";
const SEALED: &str = "Canary-that-was-sealed";
const NEXT: &str = "Canary-that-was-sealed-later";
const BEARER: &str = "Canary-of-a-bearer";
const STATIC: &str = "Canary-of-a-static-header";
const QUERY: &str = "Canary-of-a-query";
const BASIC: &str = "user:Canary-of-basic";
const GRAPH: &str = "Canary-of-a-client-state";
const SLACK: &str = "Canary-of-a-signing-secret";
const SLACK_TOKEN: &str = "Canary-of-a-token-in-a-body";
const WRONG: &str = "Canary-of-a-stranger";
const LITERAL: &str = "Canary-in-the-wrong-place";
const MASTER: &str = "Q2FuYXJ5LWFzLWEtbWFzdGVyLWtleS1vZi0zMi1ieSE=";
const ALL: &[&str] =
    &[ENV, FILE, SEALED, NEXT, BEARER, STATIC, QUERY, BASIC, GRAPH, SLACK, SLACK_TOKEN, WRONG, LITERAL, MASTER];
/// Files that hold a secret because they are its place.
const PLACES: &[(&str, &str)] = &[
    ("file.secret", FILE),
    ("bearer.secret", BEARER),
    ("static.secret", STATIC),
    ("query.secret", QUERY),
    ("basic.secret", BASIC),
    ("graph.secret", GRAPH),
    ("slack.secret", SLACK),
    ("wrong.secret", WRONG),
    ("master.secret", MASTER),
];

const WEBHOOKS: &str = r#"
[secrets]
key_file = "master.secret"
[webhooks.c-env]
source = "github"
secret = { env = "CANARY_ENV" }
routes = [{ agent = "worker" }]
[webhooks.c-file]
source = "github"
secret = { file = "file.secret" }
routes = [{ agent = "worker" }]
[webhooks.c-sealed]
source = "github"
secret = { sealed = true }
routes = [{ agent = "worker" }]
[webhooks.c-bearer]
source = "generic"
auth = "bearer"
secret = { file = "bearer.secret" }
routes = [{ agent = "worker" }]
[webhooks.c-static]
source = "generic"
auth = { mode = "static_header", header = "X-Own-Header" }
secret = { file = "static.secret" }
[webhooks.c-query]
source = "generic"
auth = { mode = "query_token", parameter = "access_token" }
secret = { file = "query.secret" }
[webhooks.c-basic]
source = "generic"
auth = "basic"
secret = { file = "basic.secret" }
[webhooks.c-graph]
source = "graph"
secret = { file = "graph.secret" }
routes = [{ agent = "worker" }]
[webhooks.c-slack]
source = "slack"
secret = { file = "slack.secret" }
routes = [{ agent = "worker" }]
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_secret_is_written_nowhere() -> anyhow::Result<()> {
    let collector = Collector::start().await?;
    let options = Options { otlp: Some(collector.endpoint()), ..Options::default() };
    let mut scene = Scene { world: World::start(Kind::Embedded, options).await?, said: Vec::new() };
    scene.furnish().await?;
    let deliveries = scene.deliver().await?;
    scene.knock().await?;
    scene.ask(&deliveries).await?;
    scene.break_things().await?;
    scene.world.drain()?;
    eventually("the last spans", Duration::from_secs(20), || async {
        Ok(collector.spans().iter().any(|s| s.span.name == "receive webhook").then_some(()))
    })
    .await?;

    scene.said.push(("spans".into(), format!("{:?}", collector.spans()).into_bytes()));
    scene.said.extend(files(scene.world.folder())?);
    ensure!(scene.said.iter().any(|(name, _)| name.ends_with("log.db")), "the log was not looked at");
    ensure!(scene.said.iter().any(|(name, bytes)| name == "spans" && bytes.len() > 1000), "there are no spans");
    let found: Vec<String> = scene.said.iter().flat_map(|(name, bytes)| leaks(name, bytes)).collect();
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}

/// A world, and everything that anybody could read of it.
struct Scene {
    world: World,
    said: Vec<(String, Vec<u8>)>,
}

impl Scene {
    /// Puts every secret in its place and starts again with all webhooks.
    async fn furnish(&mut self) -> anyhow::Result<()> {
        for (name, secret) in PLACES {
            std::fs::write(self.path(name), secret)?;
        }
        let config = std::fs::read_to_string(self.path("hookwheel.toml"))?;
        std::fs::write(self.path("hookwheel.toml"), format!("{config}{WEBHOOKS}"))?;
        self.run_with(&["secret", "set", "c-sealed"], SEALED.as_bytes(), 0)?;
        self.run_with(&["secret", "set", "c-sealed", "--next"], format!("{NEXT}\n").as_bytes(), 0)?;
        self.world.drain()?;
        self.world.process(Part::Up)?.env("CANARY_ENV", ENV);
        self.world.start_all()?;
        self.world.ready().await
    }

    /// A believed delivery for every webhook.
    async fn deliver(&mut self) -> anyhow::Result<Vec<String>> {
        for slug in ["c-env", "c-file", "c-sealed", "c-bearer", "c-static", "c-basic"] {
            self.run(&["send", "--webhook", slug, "--url", &self.url(slug), "--json"], 0)?;
        }
        let query = format!("{}?access_token={QUERY}", self.url("c-query"));
        self.post(&query, &[], br#"{"id":"q"}"#, 202).await?;
        let graph = format!(
            r#"{{"value":[{{"subscriptionId":"s","clientState":"{GRAPH}","changeType":"updated","resource":"me/events/1"}}]}}"#
        );
        self.post(&self.url("c-graph"), &[], graph.as_bytes(), 202).await?;
        let (headers, body) = slack()?;
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&self.url("c-slack"), &headers, &body, 202).await?;
        let id = eventually("the deliveries", Duration::from_secs(30), || async {
            let page = self.world.get("/api/v1/deliveries?limit=100").await?;
            let ids = page["items"].as_array().context("no items")?.iter().filter_map(|item| item["id"].as_str());
            let ids: Vec<String> = ids.map(str::to_owned).collect();
            Ok((ids.len() == 9).then_some(ids))
        });
        let ids = id.await?;
        self.world.settled(0, Duration::from_secs(60)).await?;
        Ok(ids)
    }

    /// Strangers with secrets of their own, and right secrets where they do not belong.
    async fn knock(&mut self) -> anyhow::Result<()> {
        for slug in ["c-env", "c-sealed", "c-bearer", "c-static", "c-basic"] {
            let mut send = vec!["send", "--secret-file", "wrong.secret", "--url"];
            let url = self.url(slug);
            send.extend([url.as_str(), "--json"]);
            self.run(&send, 4)?;
        }
        let bearer = format!("Bearer {WRONG}");
        for (slug, status) in [("c-bearer", 401), ("c-graph", 401), ("nobody", 404)] {
            let url = format!("{}?access_token={WRONG}&token={QUERY}", self.url(slug));
            let body = format!(r#"{{"value":[{{"clientState":"{WRONG}"}}]}}"#);
            let headers = [("authorization", bearer.as_str()), ("cookie", WRONG), ("x-api-key", WRONG)];
            self.post(&url, &headers, body.as_bytes(), status).await?;
        }
        let basic = format!("Basic {}", BASE64.encode(BASIC));
        let misplaced = [("x-gitlab-token", FILE), ("authorization", basic.as_str()), ("x-own-header", STATIC)];
        self.post(&self.url("c-query"), &misplaced, b"{}", 401).await?;
        self.post(&format!("{}?access_token={QUERY}", self.url("c-query")), &[], b"{", 400).await
    }

    /// Whatever can be asked for.
    async fn ask(&mut self, deliveries: &[String]) -> anyhow::Result<()> {
        let api = self.world.api("");
        for id in deliveries {
            self.run(&["deliveries", "show", id, "--api", &api], 0)?;
            self.run(&["deliveries", "body", id, "--api", &api], 0)?;
        }
        self.run(&["deliveries", "--api", &api, "--json"], 0)?;
        self.run(&["runs", "--api", &api, "--json"], 0)?;
        self.run(&["check", "--json"], 0)?;
        self.run(&["secret", "list"], 0)?;
        std::fs::write(self.path("body"), "{}")?;
        self.run(&["verify", "body", "--webhook", "c-sealed"], 4)?;
        self.run(&["doctor"], 0)?;
        for path in ["/metrics", "/readyz"] {
            let url = self.world.admin(Part::Up, path).context("no admin port")?;
            let answer = reqwest::get(url).await?.bytes().await?;
            self.said.push((path.into(), answer.to_vec()));
        }
        let webhooks = self.world.get("/api/v1/webhooks").await?;
        self.said.push(("webhooks".into(), webhooks.to_string().into_bytes()));
        Ok(())
    }

    /// Secrets in the wrong place, where a message is tempted to repeat them.
    async fn break_things(&mut self) -> anyhow::Result<()> {
        let sound = std::fs::read_to_string(self.path("hookwheel.toml"))?;
        let literals = [
            sound.replace("{ env = \"CANARY_ENV\" }", &format!("\"{LITERAL}\"")),
            sound.replace("{ env = \"CANARY_ENV\" }", &format!("{{ env = \"{LITERAL}\" }}")),
            sound.replace("{ env = \"CANARY_ENV\" }", &format!("\"{LITERAL}")),
            sound.replace("{ sealed = true }", &format!("{{ sealed = \"{LITERAL}\" }}")),
            sound.replace("key_file = \"master.secret\"", &format!("key_env = \"{LITERAL}\"")),
            sound.replace("auth = \"bearer\"", &format!("auth = \"{LITERAL}\"")),
        ];
        for broken in &literals {
            ensure!(*broken != sound, "nothing was broken");
            std::fs::write(self.path("hookwheel.toml"), broken)?;
            for command in [&["check"][..], &["check", "--json"], &["secret", "list"], &["send", "--webhook", "c-env"]]
            {
                self.run(command, 2)?;
            }
            self.run(&["doctor"], 1)?;
        }
        eventually("a word about the broken file", Duration::from_secs(20), || async {
            Ok(self.world.logs().contains("the one before it stays in force").then_some(()))
        })
        .await?;
        std::fs::write(self.path("secrets.sealed.json"), format!("{{\"{LITERAL}\": 1}}"))?;
        std::fs::write(self.path("hookwheel.toml"), &sound)?;
        self.run(&["check"], 2)?;
        std::fs::remove_file(self.path("secrets.sealed.json"))?;
        std::fs::write(self.path("master.secret"), LITERAL)?;
        self.run(&["secret", "generate", "c-sealed"], 5)?;
        // These held a secret on purpose; what is looked at below must not.
        std::fs::remove_file(self.path("hookwheel.toml"))?;
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.folder().join(name)
    }

    fn url(&self, slug: &str) -> String {
        self.world.intakes()[0].replace("/issues", &format!("/{slug}"))
    }

    fn run(&mut self, arguments: &[&str], code: i32) -> anyhow::Result<()> {
        self.run_with(arguments, b"", code)
    }

    /// Runs a command with this on its standard input and keeps all it says.
    fn run_with(&mut self, arguments: &[&str], input: &[u8], code: i32) -> anyhow::Result<()> {
        let given = self.path("input.secret");
        std::fs::write(&given, input)?;
        let mut command = Command::new(binary("hookwheel")?);
        command.args(arguments).current_dir(self.world.folder()).env("CANARY_ENV", ENV);
        command.env("HOOKWHEEL_TEST_TOOLS", self.world.witness_file());
        let output = command.stdin(Stdio::from(File::open(&given)?)).output()?;
        std::fs::remove_file(given)?;
        let said = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8_lossy(&said).into_owned();
        ensure!(output.status.code() == Some(code), "{arguments:?} ended with {}: {shown}", output.status);
        self.said.push((arguments.join(" "), said));
        Ok(())
    }

    /// Posts and keeps the answer.
    async fn post(&mut self, url: &str, headers: &[(&str, &str)], body: &[u8], status: u16) -> anyhow::Result<()> {
        let mut request = reqwest::Client::new().post(url).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?;
        let (found, headers) = (answer.status().as_u16(), format!("{:?}", answer.headers()));
        let said = [headers.as_bytes(), &answer.bytes().await?].concat();
        ensure!(found == status, "{found} and not {status}: {}", String::from_utf8_lossy(&said));
        self.said.push(("an answer".into(), said));
        Ok(())
    }
}

/// Headers and body.
type Signed = (Vec<(String, String)>, Vec<u8>);

/// A signed Slack event with Slack's token in its body.
fn slack() -> anyhow::Result<Signed> {
    let slack = source("slack").context("no slack source")?;
    let (mut headers, body) = slack.sample(1);
    let mut body: serde_json::Value = serde_json::from_slice(&body)?;
    body["token"] = SLACK_TOKEN.into();
    let body = serde_json::to_vec(&body)?;
    let known = Headers(headers.iter().map(|(n, v)| (n.to_lowercase(), v.clone().into_bytes())).collect());
    let request = Request { method: "POST", url: "", headers: &known, body: &body };
    let now = Timestamp::from_micros(clock::now_micros());
    headers.extend(sign(&slack.default_auth(), SLACK.as_bytes(), &request, now));
    Ok((headers, body))
}

/// Every file under a folder but those that are a secret's place.
fn files(folder: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_none_or(|extension| extension != "secret") {
            found.push((path.display().to_string(), std::fs::read(&path)?));
        }
    }
    Ok(found)
}

/// Which secrets are in these bytes, as they are or in base64.
fn leaks(name: &str, bytes: &[u8]) -> Vec<String> {
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let leaked = ALL.iter().filter(|secret| holds(secret.as_bytes()) || holds(BASE64.encode(secret).as_bytes()));
    leaked.map(|secret| format!("{secret} is in {name}")).collect()
}

#[test]
fn the_search_finds_what_is_there() {
    assert_eq!(leaks("x", format!("a{ENV}b").as_bytes()).len(), 1);
    assert_eq!(leaks("x", BASE64.encode(BASIC).as_bytes()).len(), 1);
    assert_eq!(leaks("x", b"nothing").len(), 0);
}
