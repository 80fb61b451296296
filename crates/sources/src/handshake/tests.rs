//! Every handshake of `fixtures/handshakes.json`, and what nobody must get out of one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::*;
use crate::Headers;

const NOW: Timestamp = Timestamp::from_secs(1_761_100_033);

/// What a webhook of this source says; none of its secrets is known to whoever asks.
struct Door {
    source: &'static dyn Source,
    verifier: Verifier,
    tokens: Tokens,
    pairing: bool,
}

impl Door {
    fn of(source: &str, secrets: &[&str]) -> Self {
        let source = crate::source(source).unwrap();
        let secrets: Vec<_> = secrets.iter().map(|secret| secret.as_bytes()).collect();
        let verifier = Verifier::new(&source.default_auth(), &secrets);
        Self { source, verifier, tokens: Tokens::new(&secrets), pairing: true }
    }

    fn meet(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Met, Refusal> {
        let headers = headers.iter().map(|(name, value)| (name.to_lowercase(), value.as_bytes().to_vec())).collect();
        let desk = Desk { verifier: &self.verifier, tokens: &self.tokens, pairing: self.pairing };
        meet(self.source, &desk, &Request { method, url, headers: &Headers(headers), body }, NOW)
    }

    /// The answer to an unsigned handshake.
    fn greeting(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Greeting> {
        match self.meet(method, url, headers, body) {
            Ok(Met::Greeted(greeting)) => Some(greeting),
            _ => None,
        }
    }
}

#[test]
fn every_vector_agrees() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/handshakes.json");
    let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= 15);
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let secrets: Vec<_> = case["secrets"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
        let request = &case["request"];
        let headers = request["headers"].as_array().unwrap().iter();
        let headers: Vec<_> = headers.map(|h| (h[0].as_str().unwrap(), h[1].as_str().unwrap())).collect();
        let body = BASE64.decode(request["body_b64"].as_str().unwrap()).unwrap();
        let (method, url) = (request["method"].as_str().unwrap(), request["url"].as_str().unwrap());
        let met = Door::of(case["source"].as_str().unwrap(), &secrets).meet(method, url, &headers, &body);
        match (case["verdict"].as_str().unwrap(), met) {
            ("reject", Err(_) | Ok(Met::Greeted(Greeting::Denied))) => {}
            ("challenge", Ok(Met::Greeted(Greeting::Answered(answer)) | Met::Believed(_, Some(answer)))) => {
                as_expected(id, &case["expect"], &answer);
            }
            // The usual 202 does.
            ("challenge", Ok(Met::Believed(_, None))) => assert_eq!(case["expect"]["match"], "status_2xx", "{id}"),
            (_, met) => panic!("{id}: {met:?}"),
        }
    }
}

fn as_expected(id: &str, expect: &Value, answer: &Answer) {
    assert_eq!(u64::from(answer.status), expect["status"].as_u64().unwrap(), "{id}");
    for (name, wanted) in expect["headers"].as_object().unwrap() {
        let found = answer.headers.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{id}: no {name}"));
        let found = std::str::from_utf8(&found.1).unwrap();
        let agrees = match wanted {
            Value::Array(any) => any.iter().any(|one| one == found),
            Value::String(word) if word == "*any*" => true,
            Value::String(word) if word.starts_with("*contains ") => found.contains(word[10..].trim_end_matches('*')),
            other => other == found,
        };
        assert!(agrees, "{id}: {name}: {found}");
    }
    let body = &answer.body[..];
    match expect["match"].as_str().unwrap() {
        "exact" | "text_or_json_challenge" => assert_eq!(body, expect["body"].as_str().unwrap().as_bytes(), "{id}"),
        "json" => assert_eq!(serde_json::from_slice::<Value>(body).unwrap(), expect["body"], "{id}"),
        _ => {}
    }
}

#[test]
fn only_the_providers_own_webhook_greets() {
    let asked = [
        ("HEAD", "/x", &[][..]),
        ("GET", "/x?challenge=c", &[]),
        ("GET", "/x?crc_token=c", &[]),
        ("GET", "/x?hub.mode=subscribe&hub.challenge=c&hub.verify_token=t", &[]),
        ("POST", "/x?validationToken=c", &[]),
        ("POST", "/x", &[("X-Hook-Secret", "c")]),
        ("OPTIONS", "/x", &[("WebHook-Request-Origin", "c")]),
    ];
    let greets = |name: &str| {
        let door = Door::of(name, &["t"]);
        asked.iter().filter(|(method, url, headers)| door.greeting(method, url, headers, b"").is_some()).count()
    };
    for source in crate::all() {
        let known = ["asana", "cloudevents", "dropbox", "graph", "intercom", "meta", "trello", "x"];
        assert_eq!(greets(source.name()), usize::from(known.contains(&source.name())), "{}", source.name());
    }
}

#[test]
fn what_a_stranger_makes_us_say_is_short_and_plain() {
    let (longest, longer) = ("e".repeat(1024), "e".repeat(1025));
    let dropbox = Door::of("dropbox", &["t"]);
    let Some(Greeting::Answered(said)) = dropbox.greeting("GET", &format!("/x?challenge={longest}"), &[], b"") else {
        panic!("a challenge of 1 KiB is answered");
    };
    assert_eq!(said.body, longest.as_bytes());
    let headers = [("content-type", b"text/plain".to_vec()), ("x-content-type-options", b"nosniff".to_vec())];
    assert_eq!(said.headers, headers);
    for url in [&format!("/x?challenge={longer}"), "/x?challenge=a&challenge=b", "/x", "/x#challenge=a"] {
        assert_eq!(dropbox.greeting("GET", url, &[], b""), None, "{url}");
    }
    let asana = Door::of("asana", &[]);
    for secret in ["", "a b", "a\tb", &longer] {
        assert_eq!(asana.greeting("POST", "/x", &[("x-hook-secret", secret)], b"{}"), None, "{secret}");
    }
    let markup = dropbox.greeting("GET", "/x?challenge=%3Cscript%3E", &[], b"");
    assert!(
        matches!(markup, Some(Greeting::Answered(said)) if said.headers == headers),
        "text, whatever it looks like"
    );
}

#[test]
fn pairing_has_a_window_and_a_signed_delivery_is_none() {
    let mut asana = Door::of("asana", &["in use"]);
    let chosen = [("x-hook-secret", "a-new-one")];
    assert!(asana.greeting("POST", "/x", &chosen, b"{}").is_some());
    let signed = [("x-hook-secret", "a-new-one"), ("x-hook-signature", "00")];
    assert_eq!(asana.meet("POST", "/x", &signed, b"{}"), Err(Refusal::SignatureMismatch));
    asana.pairing = false;
    assert_eq!(asana.meet("POST", "/x", &chosen, b"{}"), Err(Refusal::MissingSignature));
}

#[test]
fn notifications_are_not_lost_to_a_parameter_of_their_url() {
    let graph = Door::of("graph", &["the client state"]);
    let body = br#"{"value":[{"clientState":"the client state","subscriptionId":"s"}]}"#;
    let met = graph.meet("POST", "/x?validationToken=left-over", &[], body);
    assert!(matches!(met, Ok(Met::Believed(_, None))), "{met:?}");
}

#[test]
fn nobody_can_have_a_delivery_signed() {
    let x = Door::of("x", &["t"]);
    for body in ["%7B%22for_user_id%22%3A%221%22%7D", "%7B%7D", "%5B%5D", "+%7B%7D", "", "%00"] {
        assert_eq!(x.greeting("GET", &format!("/x?crc_token={body}"), &[], b""), None, "{body}");
    }
    assert_eq!(Door::of("x", &[""]).greeting("GET", "/x?crc_token=abc", &[], b""), None, "no secret, no proof");
    let zoom = br#"{"event":"endpoint.url_validation","payload":{"plainToken":"p"}}"#;
    assert_eq!(Door::of("zoom", &["t"]).meet("POST", "/x", &[], zoom), Err(Refusal::MissingSignature));
}

#[test]
fn a_token_is_ours_or_denied() {
    let meta = Door::of("meta", &["right", ""]);
    let ask = |token: &str| {
        meta.greeting("GET", &format!("/x?hub.mode=subscribe&hub.challenge=7&hub.verify_token={token}"), &[], b"")
    };
    assert!(matches!(ask("right"), Some(Greeting::Answered(_))));
    for wrong in ["", "wrong", "righ", "right&hub.verify_token=right"] {
        assert_eq!(ask(wrong), Some(Greeting::Denied), "{wrong}");
    }
    assert_eq!(meta.greeting("GET", "/x?hub.mode=unsubscribe&hub.challenge=7&hub.verify_token=right", &[], b""), None);
}
