//! Vectors signed by other libraries, the rows of the bad-input table, and properties.

use base64::Engine as _;
use hookwheel_core::webhook::{Encoding, Hash, HmacScheme};
use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::{Headers, Refusal};

const NOW: Timestamp = Timestamp::from_secs(1_761_100_033);

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    secrets: Vec<String>,
    now: i64,
    request: Sent,
    verdict: String,
    reason: String,
}

#[derive(Deserialize)]
struct Sent {
    headers: Vec<(String, String)>,
    body_b64: String,
}

fn custom(hash: Hash, encoding: Encoding, prefix: &str) -> Auth {
    Auth::Hmac(HmacScheme { header: "X-Signature".into(), prefix: prefix.into(), encoding, hash })
}

fn headers(pairs: &[(String, String)]) -> Headers {
    Headers(pairs.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.clone().into_bytes())).collect())
}

fn run(auth: &Auth, vectors: &str) {
    let vectors: Vectors = serde_json::from_str(vectors).unwrap();
    assert!(vectors.cases.len() >= 9);
    for case in vectors.cases {
        let body = base64::engine::general_purpose::STANDARD.decode(&case.request.body_b64).unwrap();
        let headers = headers(&case.request.headers);
        let request = Request { method: "POST", headers: &headers, body: &body };
        let secrets: Vec<_> = case.secrets.iter().map(String::as_bytes).collect();
        let verdict = verify(auth, &secrets, &request, Timestamp::from_secs(case.now));
        match case.verdict.as_str() {
            "accept" => assert!(verdict.is_ok(), "{}: {verdict:?}", case.id),
            "reject" => assert!(fits(&case.reason, verdict.as_ref().unwrap_err()), "{}: {verdict:?}", case.id),
            _ => {}
        }
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

#[test]
fn github_vectors() {
    run(&Auth::GithubHmacSha256, include_str!("../../fixtures/github/vectors.json"));
}

#[test]
fn standard_webhooks_vectors() {
    run(&Auth::StandardWebhooks, include_str!("../../fixtures/standard_webhooks/vectors.json"));
    run(&Auth::StandardWebhooks, include_str!("../../fixtures/standard_webhooks/svix_vectors.json"));
}

#[test]
fn generic_vectors() {
    run(&custom(Hash::Sha256, Encoding::Hex, ""), include_str!("../../fixtures/generic/hmac_vectors.json"));
    let header = Auth::StaticHeader { header: "X-Webhook-Secret".into() };
    run(&header, include_str!("../../fixtures/generic/static_header_vectors.json"));
    run(&Auth::Bearer, include_str!("../../fixtures/generic/bearer_vectors.json"));
}

fn refusal(auth: &Auth, secret: &[u8], sent: &[(&str, &[u8])], body: &[u8]) -> Option<Refusal> {
    let headers = Headers(sent.iter().map(|(n, v)| ((*n).to_owned(), v.to_vec())).collect());
    verify(auth, &[secret], &Request { method: "POST", headers: &headers, body }, NOW).err()
}

#[test]
fn a_repeated_signature_is_refused_even_if_equal() {
    let auth = Auth::GithubHmacSha256;
    let request = Request { method: "POST", headers: &Headers::default(), body: b"{}" };
    let signature = sign(&auth, b"secret", &request, NOW).remove(0).1;
    let header = ("x-hub-signature-256", signature.as_bytes());
    assert_eq!(refusal(&auth, b"secret", &[header], b"{}"), None);
    assert_eq!(refusal(&auth, b"secret", &[header, header], b"{}"), Some(Refusal::MalformedSignature));
    let upper = signature.to_ascii_uppercase();
    assert_eq!(refusal(&auth, b"secret", &[("x-hub-signature-256", upper.as_bytes())], b"{}"), None);
}

#[test]
fn nothing_matches_an_empty_or_unusable_secret() {
    let stamp: [(&str, &[u8]); 3] =
        [("webhook-id", b"m"), ("webhook-timestamp", b"1761100033"), ("webhook-signature", b"v1,aGk=")];
    for secret in [&b""[..], b"whsec_", b"whsec_*"] {
        assert_eq!(refusal(&Auth::StandardWebhooks, secret, &stamp, b"{}"), Some(Refusal::SecretNotConfigured));
    }
    assert_eq!(refusal(&Auth::Bearer, b"", &[("authorization", b"Bearer ")], b""), Some(Refusal::SecretNotConfigured));
    assert_eq!(refusal(&Auth::None, b"", &[], b""), None);
}

#[test]
fn bearer_scheme_is_case_free_and_the_token_exact() {
    let bearer = |value: &'static [u8]| refusal(&Auth::Bearer, b"t0k", &[("authorization", value)], b"");
    assert_eq!(bearer(b"bearer t0k"), None);
    assert_eq!(bearer(b"Bearer  t0k"), Some(Refusal::SignatureMismatch));
    assert_eq!(bearer(b"Basic t0k"), Some(Refusal::MalformedSignature));
    assert_eq!(bearer(b"Bearer \xff\xfe"), Some(Refusal::SignatureMismatch));
}

fn stamped(time: &str, signatures: &str) -> Option<Refusal> {
    let sent = [
        ("webhook-id", &b"m"[..]),
        ("webhook-timestamp", time.as_bytes()),
        ("webhook-signature", signatures.as_bytes()),
    ];
    refusal(&Auth::StandardWebhooks, b"c2VjcmV0", &sent, b"{}")
}

fn signed_at(time: &str) -> String {
    let code = mac::code(Hash::Sha256, b"secret", &[format!("m.{time}.{{}}").as_bytes()]);
    format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(code))
}

#[test]
fn strange_times_are_refused_and_the_window_has_two_sides() {
    for time in ["", "abc", "1e9", "+1761100033", "9223372036854775808", "1 "] {
        assert_eq!(stamped(time, &signed_at(time)), Some(Refusal::TimestampMalformed), "{time}");
    }
    for (time, expected) in [
        ("-9223372036854775808", Some(Refusal::TimestampStale)),
        ("9223372036854775807", Some(Refusal::TimestampFuture)),
        ("-1", Some(Refusal::TimestampStale)),
        ("1761100033000", Some(Refusal::TimestampFuture)),
        ("1761099732", Some(Refusal::TimestampStale)),
        ("1761099734", None),
        ("1761100334", Some(Refusal::TimestampFuture)),
    ] {
        assert_eq!(stamped(time, &signed_at(time)), expected, "{time}");
    }
}

#[test]
fn at_most_sixteen_signatures_are_read() {
    let right = signed_at("1761100033");
    let with = |others: usize| format!("{}{right}", "v1,aGk= ".repeat(others));
    assert_eq!(stamped("1761100033", &with(15)), None);
    assert_eq!(stamped("1761100033", &with(16)), Some(Refusal::MalformedSignature));
    assert_eq!(stamped("1761100033", &with(10_000)), Some(Refusal::MalformedSignature));
}

fn any_auth() -> impl Strategy<Value = Auth> {
    let hash = prop::sample::select(vec![Hash::Sha1, Hash::Sha256, Hash::Sha512]);
    let encoding = prop::sample::select(vec![Encoding::Hex, Encoding::Base64]);
    prop_oneof![
        Just(Auth::GithubHmacSha256),
        Just(Auth::StandardWebhooks),
        Just(Auth::Bearer),
        Just(Auth::StaticHeader { header: "X-Token".into() }),
        (hash, encoding, "[a-z0-9=]{0,8}").prop_map(|(hash, encoding, prefix)| custom(hash, encoding, &prefix)),
    ]
}

fn covers_the_body(auth: &Auth) -> bool {
    !matches!(auth, Auth::Bearer | Auth::StaticHeader { .. })
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_no_changed_byte_does(
        auth in any_auth(), key in prop::collection::vec(any::<u8>(), 18..40),
        body in prop::collection::vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let secret = format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(key)).into_bytes();
        let empty = Headers::default();
        let signed = sign(&auth, &secret, &Request { method: "POST", headers: &empty, body: &body }, NOW);
        let headers = headers(&signed);
        let check = |body: &[u8]| verify(&auth, &[b"another", &secret], &Request { method: "POST", headers: &headers, body }, NOW);
        prop_assert_eq!(check(&body).unwrap().secret, Some(1));
        let mut changed = body.clone();
        changed[at.index(body.len())] ^= flip;
        prop_assert_eq!(check(&changed).is_err(), covers_the_body(&auth));
        prop_assert!(signed.iter().all(|(name, _)| name.chars().all(|c| !c.is_ascii_uppercase())));
    }

    #[test]
    fn no_request_makes_it_panic_or_believes_a_stranger(
        auth in any_auth(), values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 9),
        body in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let names = ["x-hub-signature-256", "x-signature", "x-token", "authorization", "webhook-id", "webhook-timestamp",
            "webhook-signature", "svix-id", "svix-signature"];
        let sent = names.into_iter().map(str::to_owned).zip(values).collect();
        let request = Request { method: "POST", headers: &Headers(sent), body: &body };
        prop_assert!(verify(&auth, &[b"whsec_c2VjcmV0c2VjcmV0c2VjcmV0"], &request, NOW).is_err());
    }
}
