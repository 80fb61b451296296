//! Verification against a naive reading of what each provider writes down: whom one believes, the other believes.

mod naive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hookwheel_core::Timestamp;
use hookwheel_sources::{Request, Verifier, auth, schemes};
use serde::Deserialize;

use crate::http_like::{Parts, named, written};
use crate::{Target, corpus, trace};

pub(super) const TARGET: Target = Target {
    name: "verify",
    holds: "never panics, and believes exactly the requests that a naive verifier believes",
    run,
    seeds,
    weight: 1,
};

fn run(input: &[u8]) -> u64 {
    let parts = Parts::of(input, 4);
    let names: Vec<&str> = schemes().collect();
    let scheme = named(&names, parts.opening[0]);
    let secrets: Vec<&[u8]> = parts.opening[1].split(|&b| b == b'\t').collect();
    let (now, window) = clock(parts.text(2));
    let (method, url) = parts.text(3).split_once(' ').unwrap_or_default();
    let request = Request { method, url, headers: &parts.headers, body: parts.body };

    let auth = auth(scheme).expect("every listed scheme is known");
    let verifier = Verifier::new(&auth, &secrets).with_tolerance(window);
    let verdict = verifier.verify(&request, Timestamp::from_secs(now));
    if let Ok(proof) = &verdict {
        assert!(proof.secret.is_none_or(|n| (n as usize) < secrets.len()), "a secret that there is not");
    }
    if let Some(believed) = naive::believes(scheme, &secrets, &request, now, window) {
        assert_eq!(verdict.is_ok(), believed, "{scheme}: {verdict:?}");
    }
    trace((scheme, verdict.map(|proof| proof.secret).map_err(|refusal| refusal.as_str())))
}

/// `1761100033 300`: our time in seconds and the tolerance, `-` for none.
fn clock(line: &str) -> (i64, Option<u32>) {
    let (now, window) = line.split_once(' ').unwrap_or((line, "300"));
    (now.parse::<i64>().unwrap_or(1_761_100_033).clamp(0, 1 << 33), window.parse().ok())
}

#[derive(Deserialize)]
struct Vectors {
    scheme: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    secrets: Vec<String>,
    now: i64,
    tolerance_s: Option<u32>,
    request: Captured,
}

#[derive(Deserialize)]
struct Captured {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body_b64: String,
}

/// Every vector.
fn seeds() -> Vec<Vec<u8>> {
    let files = corpus::fixtures(".json").into_iter().filter(|(path, _)| path.starts_with("vectors/"));
    let vectors = files.filter_map(|(_, bytes)| serde_json::from_slice::<Vectors>(&bytes).ok());
    vectors.flat_map(|file| file.cases.into_iter().map(move |case| seed(&file.scheme, &case))).collect()
}

fn seed(scheme: &str, case: &Case) -> Vec<u8> {
    let window = case.tolerance_s.map_or("-".to_owned(), |seconds| seconds.to_string());
    let (clock, request) = (format!("{} {window}", case.now), &case.request);
    let target = format!("{} {}", request.method, request.url);
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let body = BASE64.decode(&request.body_b64).unwrap_or_default();
    written(&[scheme, &case.secrets.join("\t"), &clock, &target], headers, &body)
}
