//! Every vector through the door: with its own secrets, clock and window, over TCP.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hookwheel_core::Timestamp;
use hookwheel_core::webhook::{Auth, Encoding, Hash, HmacScheme, SecretRef, Webhook};
use hookwheel_ingress::{Clock, Options};
use hookwheel_testkit::rawsocket::{Answer, RawSocket};
use serde_json::Value;

use crate::kit::{Ingress, impatient, post};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/sources/fixtures");
/// These profiles want more of a body than that it is JSON: what the event's header names.
const PARTICULAR: [&str; 2] = ["bitbucket", "github"];

/// A case and the webhook it is sent to.
struct Case {
    json: Value,
    hook: Webhook,
}

/// An ingress whose clock is the case's.
async fn ingress() -> (Ingress, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(0));
    let told = Arc::clone(&now);
    let clock = Clock::saying(move || Timestamp::from_secs(told.load(Ordering::Relaxed)));
    (Ingress::start_with(Options { clock, ..impatient() }).await, now)
}

fn files() -> Vec<Value> {
    let folder = std::fs::read_dir(format!("{FIXTURES}/vectors")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "json"));
    files.map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn every_vector_is_taken_or_refused_as_it_says() {
    let (ingress, now) = ingress().await;
    let mut cases = Vec::new();
    for file in files() {
        let scheme = file["scheme"].as_str().unwrap().to_owned();
        let own = hookwheel_sources::source(&scheme).map(|source| source.name());
        let own = own.filter(|name| !PARTICULAR.contains(name) && *name != "generic");
        for json in file["cases"].as_array().unwrap() {
            for source in ["generic"].into_iter().chain(own) {
                let window = json.get("tolerance_s").unwrap_or(&file["tolerance_s"]).as_u64();
                let auth = auth(&scheme, file["signature_header"].as_str().unwrap_or_default(), window);
                let hook = configured(&ingress, &format!("v-{}", cases.len()), source, auth, json);
                cases.push(Case { json: json.clone(), hook });
            }
        }
    }
    assert!(cases.len() > 900, "{}", cases.len());
    served(&ingress, &cases).await;
    let mut wrong = Vec::new();
    let mut socket = RawSocket::connect(ingress.address).await.unwrap();
    for Case { json, hook } in &cases {
        now.store(json["now"].as_i64().unwrap(), Ordering::Relaxed);
        socket.send(&request(json, hook)).await;
        let status = socket.answer().await.unwrap().map_or(0, |answer| answer.status);
        let right = match json["verdict"].as_str().unwrap() {
            "accept" => (200..300).contains(&status),
            "reject" => status == 401,
            _ => [200, 202, 400, 401].contains(&status),
        };
        if !right {
            wrong.push(format!("{} at {}: {status}", json["id"], hook.source));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let accepted = cases.iter().filter(|case| case.json["verdict"] == "accept");
    for Case { json, hook } in accepted {
        assert_eq!(ingress.deliveries(hook.slug.as_str()).len(), 1, "{}", json["id"]);
    }
}

#[tokio::test]
async fn every_handshake_is_answered_as_it_says() {
    let (ingress, now) = ingress().await;
    let file: Value = serde_json::from_slice(&std::fs::read(format!("{FIXTURES}/handshakes.json")).unwrap()).unwrap();
    let mut cases = Vec::new();
    for json in file["cases"].as_array().unwrap() {
        let source = hookwheel_sources::source(json["source"].as_str().unwrap()).unwrap();
        let slug = format!("h-{}", cases.len());
        let mut hook = configured(&ingress, &slug, source.name(), source.default_auth(), json);
        hook.pairing_until = Some(Timestamp::from_secs(json["now"].as_i64().unwrap() + 60));
        ingress.configure(&hook);
        cases.push(Case { json: json.clone(), hook });
    }
    served(&ingress, &cases).await;
    for Case { json, hook } in &cases {
        now.store(json["now"].as_i64().unwrap(), Ordering::Relaxed);
        let mut socket = RawSocket::connect(ingress.address).await.unwrap();
        socket.send(&request(json, hook)).await;
        let is_head = json["request"]["method"] == "HEAD";
        let answer = if is_head { socket.bodiless_answer().await } else { socket.answer().await };
        as_expected(json, &answer.unwrap().unwrap());
        // What was verified is a delivery that wakes nobody; what could not be signed leaves none.
        let signed = ["slack", "discord", "zoom", "twitch", "github"].contains(&hook.source.as_str());
        let stored = usize::from(signed && json["verdict"] == "challenge");
        assert_eq!(ingress.deliveries(hook.slug.as_str()).len(), stored, "{}", json["id"]);
    }
}

fn as_expected(case: &Value, answer: &Answer) {
    let (id, expect) = (&case["id"], &case["expect"]);
    let is_2xx = (200..300).contains(&answer.status);
    match expect["match"].as_str().unwrap() {
        "status_2xx" => assert!(is_2xx, "{id}: {}", answer.status),
        "status_4xx" => assert!((400..500).contains(&answer.status), "{id}: {}", answer.status),
        _ => assert_eq!(u64::from(answer.status), expect["status"].as_u64().unwrap(), "{id}"),
    }
    for (name, wanted) in expect["headers"].as_object().unwrap() {
        let found = answer.header(name).unwrap_or_else(|| panic!("{id}: no {name}"));
        let agrees = match wanted {
            Value::Array(any) => any.iter().any(|one| one == found),
            Value::String(word) if word == "*any*" => true,
            Value::String(word) if word.starts_with("*contains ") => found.contains(word[10..].trim_end_matches('*')),
            other => other == found,
        };
        assert!(agrees, "{id}: {name}: {found}");
    }
    match expect["match"].as_str().unwrap() {
        "exact" | "text_or_json_challenge" => {
            assert_eq!(answer.body, expect["body"].as_str().unwrap().as_bytes(), "{id}");
        }
        "json" => assert_eq!(answer.json(), expect["body"], "{id}"),
        _ => {}
    }
}

fn auth(scheme: &str, header: &str, window: Option<u64>) -> Auth {
    let auth = match scheme {
        "generic_hmac" => Auth::Hmac(HmacScheme::over_body(header, "", Encoding::Hex, Hash::Sha256)),
        "static_header" => Auth::StaticHeader { header: header.to_owned() },
        name => hookwheel_sources::auth(name).unwrap(),
    };
    let tolerance = window.map(|seconds| u32::try_from(seconds).unwrap());
    match auth {
        Auth::Scheme { name, .. } => Auth::Scheme { name, tolerance },
        Auth::StandardWebhooks => Auth::Scheme { name: "standard_webhooks".into(), tolerance },
        other => other,
    }
}

/// A webhook with the case's secrets, known to its sender by the case's URL.
fn configured(ingress: &Ingress, slug: &str, source: &str, auth: Auth, case: &Value) -> Webhook {
    let mut hook = ingress.hook(slug, source, auth);
    let secrets = case["secrets"].as_array().unwrap().iter().map(|secret| secret.as_str().unwrap());
    let place = |(n, secret)| {
        let file = format!("{}-{slug}-{n}", ingress.secret_file());
        std::fs::write(&file, format!("{secret}\n")).unwrap();
        SecretRef::File(file)
    };
    // An empty one stands for a webhook that has none.
    hook.secrets = secrets.filter(|secret| !secret.is_empty()).enumerate().map(place).collect();
    let (base, path, _) = parts(case["request"]["url"].as_str().unwrap());
    (hook.public_base_url, hook.public_path) = (Some(base.to_owned()), Some(path.to_owned()));
    ingress.configure(&hook);
    hook
}

/// Scheme and host, path, and the query with its question mark.
fn parts(url: &str) -> (&str, &str, &str) {
    let host_end = url.find("://").unwrap() + 3;
    let path_at = url[host_end..].find('/').map_or(url.len(), |at| host_end + at);
    let query_at = url.find('?').unwrap_or(url.len());
    (&url[..path_at], &url[path_at..query_at], &url[query_at..])
}

fn request(case: &Value, hook: &Webhook) -> Vec<u8> {
    let request = &case["request"];
    let (_, _, query) = parts(request["url"].as_str().unwrap());
    let headers = request["headers"].as_array().unwrap().iter();
    let lines: String =
        headers.map(|h| format!("{}: {}\r\n", h[0].as_str().unwrap(), h[1].as_str().unwrap())).collect();
    let body = BASE64.decode(request["body_b64"].as_str().unwrap()).unwrap();
    let bytes = post(&format!("/webhooks/{}{query}", hook.slug), &lines, &body);
    let method = request["method"].as_str().unwrap();
    [method.as_bytes(), &bytes["POST".len()..]].concat()
}

/// Returns once the ingress knows every one of them.
async fn served(ingress: &Ingress, cases: &[Case]) {
    for case in [&cases[0], &cases[cases.len() / 2], &cases[cases.len() - 1]] {
        let asked = post(&format!("/webhooks/{}", case.hook.slug), "Content-Encoding: gzip\r\n", b"{}");
        ingress.until(async || ingress.status(&asked).await == 415).await;
    }
}
