//! Every vector of `fixtures/vectors`, with its own secrets, clock and window.

use std::path::Path;

use base64::Engine as _;
use hookwheel_core::webhook::{Encoding, Hash, HmacScheme};
use serde::Deserialize;

use super::*;
use crate::Verifier;

#[derive(Deserialize)]
struct File {
    scheme: String,
    signature_header: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    secrets: Vec<String>,
    now: i64,
    tolerance_s: Option<u32>,
    request: Captured,
    verdict: String,
    reason: String,
}

#[derive(Deserialize)]
struct Captured {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body_b64: String,
}

#[test]
fn all_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vectors");
    let (mut files, mut cases) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let file: File = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            files += 1;
            cases += file.cases.len();
            let auth = scheme(&file);
            file.cases.iter().for_each(|case| judge(&auth, case));
        }
    }
    assert!(files >= 36 && cases >= 560, "{files} files, {cases} cases");
}

fn scheme(file: &File) -> Auth {
    let header = file.signature_header.clone();
    match file.scheme.as_str() {
        "generic_hmac" => Auth::Hmac(HmacScheme::over_body(header, "", Encoding::Hex, Hash::Sha256)),
        "static_header" => Auth::StaticHeader { header },
        name => named(name),
    }
}

fn judge(auth: &Auth, case: &Case) {
    let sent = &case.request;
    let headers = Headers(sent.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.clone().into_bytes())).collect());
    let body = base64::engine::general_purpose::STANDARD.decode(&sent.body_b64).unwrap();
    let request = Request { method: &sent.method, url: &sent.url, headers: &headers, body: &body };
    let secrets: Vec<_> = case.secrets.iter().map(String::as_bytes).collect();
    let verifier = Verifier::new(auth, &secrets).with_tolerance(case.tolerance_s);
    let verdict = verifier.verify(&request, Timestamp::from_secs(case.now));
    match case.verdict.as_str() {
        "accept" => assert!(verdict.is_ok(), "{}: {verdict:?}", case.id),
        "reject" => assert!(fits(&case.reason, verdict.as_ref().unwrap_err()), "{}: {verdict:?}", case.id),
        other => assert_eq!(other, "either", "{}", case.id),
    }
}

/// Whether a refusal is the one a vector wants. Its `mismatch` also stands for "nothing to compare with".
fn fits(reason: &str, refusal: &Refusal) -> bool {
    use Refusal::*;
    match reason {
        "missing" => matches!(refusal, MissingSignature | TimestampMissing),
        "malformed" => matches!(refusal, MalformedSignature | TimestampMalformed),
        "mismatch" => matches!(refusal, SignatureMismatch | SecretNotConfigured),
        "malformed_or_mismatch" => matches!(refusal, MalformedSignature | SignatureMismatch),
        "no_known_version" => *refusal == NoKnownVersion,
        "stale" => *refusal == TimestampStale,
        "future" => *refusal == TimestampFuture,
        other => panic!("unknown reason {other}"),
    }
}
