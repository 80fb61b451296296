//! Handshakes: what a stranger makes us say is short, cannot be read as anything but what it is, and holds no secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hookwheel_core::Timestamp;
use hookwheel_sources::handshake::{Answer, Desk, Greeting, Met, Tokens, meet};
use hookwheel_sources::{Request, Verifier, all, source};
use serde::Deserialize;

use crate::http_like::{Parts, named, written};
use crate::{Target, corpus, trace};

pub(super) const TARGET: Target = Target {
    name: "handshakes",
    holds: "an answer is a short 2xx that nobody takes for a page, without our secret; a forger is never believed",
    run,
    seeds,
    weight: 2,
};

const NOW: Timestamp = Timestamp::from_secs(1_761_100_033);
/// What a sender makes us repeat, and the few words around it.
const MAX_SAID: usize = 1024 * 6 + 256;

fn run(input: &[u8]) -> u64 {
    let parts = Parts::of(input, 3);
    let names: Vec<&str> = all().iter().map(|profile| profile.name()).collect();
    let name = named(&names, parts.opening[0]);
    let profile = source(name).expect("every listed profile is known");
    let secret = parts.opening[1];
    let (method, url) = parts.text(2).split_once(' ').unwrap_or_default();
    let request = Request { method, url, headers: &parts.headers, body: parts.body };
    let verifier = Verifier::new(&profile.default_auth(), &[secret]);
    let tokens = Tokens::new(&[secret]);
    let desk = Desk { verifier: &verifier, tokens: &tokens, pairing: true };

    let met = meet(profile, &desk, &request, NOW);
    let believed = verifier.verify(&request, NOW);
    let (kind, answer) = match met {
        Ok(Met::Greeted(Greeting::Answered(answer))) => ("greeted", Some(answer)),
        Ok(Met::Greeted(Greeting::Denied)) => ("denied", None),
        Ok(Met::Believed(proof, answer)) => {
            assert_eq!(believed.as_ref(), Ok(&proof), "{name}: believed by one and not by the other");
            ("believed", answer)
        }
        Err(refusal) => {
            assert_eq!(believed.as_ref(), Err(&refusal), "{name}: refused by one and not by the other");
            (refusal.as_str(), None)
        }
    };
    if let Some(answer) = &answer {
        sound(name, answer);
        let known = input.windows(secret.len().max(1)).filter(|window| *window == secret).count() > 1;
        assert!(known || secret.len() < 12 || !holds(&answer.body, secret), "{name}: our secret in an answer");
    }
    trace((name, kind, answer.map(|answer| (answer.status, answer.body.len().min(4), answer.headers.len()))))
}

fn sound(name: &str, answer: &Answer) {
    assert!((200..300).contains(&answer.status), "{name}: {}", answer.status);
    assert!(answer.body.len() <= MAX_SAID, "{name}: an answer of {} bytes", answer.body.len());
    for (header, value) in &answer.headers {
        assert!(!header.contains(|c: char| c.is_ascii_uppercase()), "{name}: {header}");
        assert!(value.iter().all(|b| (b' '..=b'~').contains(b)), "{name}: {header} with what no header may hold");
    }
    let header = |wanted: &str| answer.headers.iter().find(|(n, _)| *n == wanted).map(|(_, value)| value.as_slice());
    if !answer.body.is_empty() {
        assert_eq!(header("x-content-type-options"), Some(b"nosniff".as_slice()), "{name}");
        let kind = header("content-type").unwrap_or_default();
        assert!(kind.starts_with(b"text/plain") || kind.starts_with(b"application/json"), "{name}: a page");
    }
}

fn holds(body: &[u8], secret: &[u8]) -> bool {
    body.windows(secret.len()).any(|window| window == secret)
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    source: String,
    secrets: Vec<String>,
    request: Captured,
}

#[derive(Deserialize)]
struct Captured {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body_b64: String,
}

fn seeds() -> Vec<Vec<u8>> {
    let files = corpus::fixtures("handshakes.json").into_iter();
    let cases = files.filter_map(|(_, bytes)| serde_json::from_slice::<File>(&bytes).ok()).flat_map(|file| file.cases);
    let greetings = [
        "dropbox\ntokentokentoken\nGET https://h/x?challenge=abc\n\n",
        "x\ntokentokentoken\nGET https://h/x?crc_token=abc\n\n",
        "meta\ntokentokentoken\nGET https://h/x?hub.mode=subscribe&hub.challenge=c%0d%0a&hub.verify_token=tokentokentoken\n\n",
        "graph\ntokentokentoken\nPOST https://h/x?validationToken=a%20b\n\n",
        "trello\ntokentokentoken\nHEAD https://h/x\n\n",
        "asana\ntokentokentoken\nPOST https://h/x\nx-hook-secret: abc\n\n{}",
        "cloudevents\ntokentokentoken\nOPTIONS https://h/x\nwebhook-request-origin: e.example\nwebhook-request-rate: 120\n\n",
    ];
    cases.map(seed).chain(greetings.map(|text| text.as_bytes().to_vec())).collect()
}

fn seed(case: Case) -> Vec<u8> {
    let Captured { method, url, headers, body_b64 } = case.request;
    let (secret, target) = (case.secrets.first().cloned().unwrap_or_default(), format!("{method} {url}"));
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    written(&[&case.source, &secret, &target], headers, &BASE64.decode(body_b64).unwrap_or_default())
}
