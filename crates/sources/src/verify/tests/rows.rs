//! What one scheme does that others do not, row by row.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::SigningKey;
use hookwheel_core::webhook::{Encoding, Hash, HmacScheme, KeyForm, SignedTime, TimeUnit};

use super::*;
use crate::{needs_url, proof_headers, schemes};

const SECRET: &[u8] = b"a secret";

fn stamped(time: &str, signatures: &str) -> Option<Refusal> {
    let sent = Sent::of("{}").with("webhook-id", "m").with("webhook-timestamp", time);
    sent.with("webhook-signature", signatures).refusal(&Auth::StandardWebhooks, b"c2VjcmV0")
}

fn signed_at(time: &str) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mac = Hmac::<sha2::Sha256>::new_from_slice(b"secret").unwrap();
    let code = mac.chain_update(format!("m.{time}.{{}}")).finalize().into_bytes();
    format!("v1,{}", BASE64.encode(code))
}

#[test]
fn every_name_is_known_once_and_leads_back_to_itself() {
    let names: Vec<_> = schemes().collect();
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
    for name in names {
        assert_eq!(super::super::way::name(&named(name)), name);
    }
    assert_eq!(crate::auth("unheard-of"), None);
    assert_eq!(crate::auth("svix"), Some(Auth::StandardWebhooks));
    assert_eq!(crate::auth("pagerduty_v3_signature"), crate::auth("pagerduty_v2_signature"));
}

#[test]
fn an_unknown_scheme_believes_nobody() {
    let unknown = Auth::scheme("of-a-newer-version");
    assert_eq!(Sent::of("{}").refusal(&unknown, SECRET), Some(Refusal::SecretNotConfigured));
    assert!(!crate::knows(&unknown) && crate::knows(&named("slack")));
    let bodiless =
        HmacScheme { template: Some("{id}".into()), ..HmacScheme::over_body("x", "", Encoding::Hex, Hash::Sha256) };
    assert_eq!(Sent::of("{}").refusal(&Auth::Hmac(bodiless), SECRET), Some(Refusal::SecretNotConfigured));
}

#[test]
fn a_repeated_signature_is_refused_even_if_equal() {
    for name in schemes().filter(|name| !["none", "graph", "discord", "trello", "twilio", "hubspot"].contains(name)) {
        let secret: &[u8] = if name == "msteams" || name.contains("standard") || name.contains("gitlab_s") {
            b"c2VjcmV0"
        } else {
            SECRET
        };
        let auth = named(name);
        let body = format!(r#"{{"webhookTimestamp":{}}}"#, NOW.millis());
        let mut sent = Sent::of(body).signed(&auth, secret);
        assert_eq!(sent.refusal(&auth, secret), None, "{name}");
        let proof = sent.headers.iter().find(|(header, _)| proof_headers(&auth).contains(header)).unwrap().clone();
        sent.headers.push(proof);
        assert_eq!(sent.refusal(&auth, secret), Some(Refusal::MalformedSignature), "{name}");
    }
}

#[test]
fn nothing_matches_an_empty_or_unusable_secret() {
    for secret in [&b""[..], b"whsec_", b"whsec_*", b"whpk_c2hvcnQ=", b"whsk_c2hvcnQ="] {
        let sent = Sent::of("{}").with("webhook-signature", "v1,aGk=");
        assert_eq!(sent.refusal(&Auth::StandardWebhooks, secret), Some(Refusal::SecretNotConfigured));
    }
    for name in schemes().filter(|name| *name != "none") {
        assert_eq!(Sent::of("{}").refusal(&named(name), b""), Some(Refusal::SecretNotConfigured), "{name}");
    }
    assert_eq!(Sent::of("").refusal(&Auth::None, b""), None);
}

#[test]
fn credentials_are_exact_and_only_the_schemes_name_is_free_in_case() {
    let authorized = |auth: &Auth, value: &[u8]| Sent::of("").with("authorization", value).refusal(auth, b"u:p:w");
    for (value, expected) in [
        (&b"bearer u:p:w"[..], None),
        (b"Bearer  u:p:w", Some(Refusal::SignatureMismatch)),
        (b"Basic u:p:w", Some(Refusal::MalformedSignature)),
        (b"Bearer \xff\xfe", Some(Refusal::SignatureMismatch)),
        (b"", Some(Refusal::MalformedSignature)),
    ] {
        assert_eq!(authorized(&Auth::Bearer, value), expected);
    }
    assert_eq!(authorized(&Auth::Basic, b"basic dTpwOnc="), None);
    assert_eq!(authorized(&Auth::Basic, b"Basic dTpwOng="), Some(Refusal::SignatureMismatch));
    assert_eq!(authorized(&Auth::Basic, b"Basic *"), Some(Refusal::SignatureMismatch));
    assert_eq!(authorized(&named("alertmanager"), b"Basic dTpwOnc="), None);
    assert_eq!(authorized(&named("alertmanager"), b"Bearer u:p:w"), None);
}

#[test]
fn a_token_in_the_query_counts_once_and_without_a_public_base() {
    let refusal = |auth: &Auth, url: &str| Sent::of("").at(url).refusal(auth, b"t+k");
    for auth in [Auth::QueryToken { parameter: "access_token".into() }, named("cloudevents")] {
        assert_eq!(refusal(&auth, "/webhooks/a?access_token=t%2Bk"), None);
        assert_eq!(refusal(&auth, "https://h/?access_token=t"), Some(Refusal::SignatureMismatch));
        assert_eq!(refusal(&auth, "/?access_token=t%2bk&access_token=t%2bk"), Some(Refusal::MalformedSignature));
        assert_eq!(refusal(&auth, "/?other=1"), Some(Refusal::MissingSignature));
    }
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
        ("1761099733", None),
        ("1761100333", None),
        ("1761100334", Some(Refusal::TimestampFuture)),
    ] {
        assert_eq!(stamped(time, &signed_at(time)), expected, "{time}");
    }
}

#[test]
fn the_operator_may_choose_another_window() {
    let slack = |tolerance| Auth::Scheme { name: "slack".into(), tolerance };
    let sent = Sent::of("{}").signed(&slack(None), SECRET);
    let later = |auth: &Auth| sent.look(|r| verify(auth, &[SECRET], r, Timestamp::from_secs(NOW.secs() + 400)).err());
    assert_eq!(later(&slack(None)), Some(Refusal::TimestampStale));
    assert_eq!(later(&slack(Some(600))), None);
}

#[test]
fn at_most_sixteen_signatures_are_read() {
    let right = signed_at("1761100033");
    let with = |others: usize| format!("{}{right}", "v1,aGk= ".repeat(others));
    assert_eq!(stamped("1761100033", &with(15)), None);
    assert_eq!(stamped("1761100033", &with(16)), Some(Refusal::MalformedSignature));
    assert_eq!(stamped("1761100033", &with(10_000)), Some(Refusal::MalformedSignature));
}

#[test]
fn both_kinds_of_standard_signature_live_in_one_header() {
    let pair = SigningKey::from_bytes(&[9; 32]);
    let private = format!("whsk_{}", BASE64.encode(pair.to_keypair_bytes()));
    let public = format!("whpk_{}", BASE64.encode(pair.verifying_key().to_bytes()));
    let auth = Auth::StandardWebhooks;
    let v1a = Sent::of("{}").with("webhook-id", "m").signed(&auth, private.as_bytes());
    assert_eq!(v1a.refusal(&auth, public.as_bytes()), None);
    assert!(sign_nothing(&auth, public.as_bytes()), "a public key signs nothing");

    let symmetric: &[u8] = b"c2VjcmV0";
    assert_eq!(v1a.refusal(&auth, symmetric), Some(Refusal::NoKnownVersion), "no key for the only version");
    let mut mixed = Sent::of("{}").with("webhook-id", "m").signed(&auth, symmetric);
    let both = [&mixed.headers[2].1[..], b" ", &v1a.headers[2].1].concat();
    mixed.headers[2].1 = both;
    assert_eq!(mixed.verify(&auth, &[symmetric]).unwrap().secret, Some(0));
    assert_eq!(mixed.verify(&auth, &[b"b3RoZXI=", public.as_bytes()]).unwrap().secret, Some(1));
    assert_eq!(mixed.refusal(&auth, b"b3RoZXI="), Some(Refusal::SignatureMismatch));
}

fn sign_nothing(auth: &Auth, secret: &[u8]) -> bool {
    Sent::of("{}").look(|request| sign(auth, secret, request, NOW)).is_empty()
}

#[test]
fn discord_signs_with_a_seed_and_verifies_with_the_public_key() {
    let pair = SigningKey::from_bytes(&[9; 32]);
    let sent = Sent::of("{}").signed(&named("discord"), hex::encode([9; 32]).as_bytes());
    assert_eq!(sent.refusal(&named("discord"), hex::encode(pair.verifying_key().to_bytes()).as_bytes()), None);
    let weak = hex::encode([0; 32]);
    assert!(sent.refusal(&named("discord"), weak.as_bytes()).is_some());
}

#[test]
fn stripe_takes_any_v1_and_exactly_one_time() {
    let stripe = named("stripe");
    let sent = Sent::of("{}").signed(&stripe, SECRET);
    let right = String::from_utf8(sent.headers[0].1.clone()).unwrap();
    let refusal = |header: String| Sent::of("{}").with("stripe-signature", header).refusal(&stripe, SECRET);
    assert_eq!(refusal(right.replace(',', " , v1=00, v0=ff ,")), None);
    assert_eq!(refusal(format!("{right},t=1761100033")), Some(Refusal::TimestampMalformed));
    assert_eq!(refusal(right.replace("v1", "v0")), Some(Refusal::NoKnownVersion));
    assert_eq!(refusal(right.replace("t=", "T=")), Some(Refusal::TimestampMalformed));
    assert_eq!(refusal("v1".into()), Some(Refusal::MalformedSignature));
}

#[test]
fn no_weaker_signature_is_taken_instead() {
    let sha1 = named("github_hmac_sha1");
    let sent = Sent::of("{}").signed(&sha1, SECRET);
    assert_eq!(sent.refusal(&sha1, SECRET), None);
    assert_eq!(sent.refusal(&Auth::GithubHmacSha256, SECRET), Some(Refusal::MissingSignature));
    assert_eq!(sent.refusal(&named("bitbucket"), SECRET), Some(Refusal::MalformedSignature));
    let old = Sent::of("{}").with("x-hubspot-signature", "00");
    assert_eq!(old.refusal(&named("hubspot"), SECRET), Some(Refusal::MissingSignature));
}

#[test]
fn linears_time_is_the_one_in_the_body() {
    let linear = named("linear");
    let refusal = |body: String| Sent::of(body).signed(&linear, SECRET).refusal(&linear, SECRET);
    let now = NOW.millis();
    assert_eq!(refusal(format!(r#"{{"webhookTimestamp": {now}}}"#)), None);
    assert_eq!(refusal(format!(r#"{{"webhookTimestamp": {}}}"#, now - 61_000)), Some(Refusal::TimestampStale));
    assert_eq!(refusal(format!(r#"{{"webhookTimestamp": {}}}"#, now + 61_000)), Some(Refusal::TimestampFuture));
    assert_eq!(
        refusal(format!(r#"{{"webhookTimestamp": 1, "webhookTimestamp": {now}}}"#)),
        Some(Refusal::TimestampMalformed)
    );
    assert_eq!(refusal(r#"{"webhookTimestamp": []}"#.into()), Some(Refusal::TimestampMalformed));
    assert_eq!(refusal(format!(r#"{{"data": {{"webhookTimestamp": {now}}}}}"#)), Some(Refusal::TimestampMissing));
    assert_eq!(refusal("no JSON".into()), Some(Refusal::TimestampMissing));
}

#[test]
fn schemes_that_sign_the_url_refuse_without_a_public_base() {
    let signing: Vec<_> = schemes().filter(|name| needs_url(&named(name))).collect();
    assert_eq!(signing, ["twilio", "trello", "hubspot"]);
    for name in signing {
        let sent = Sent::of("").at("/webhooks/a").signed(&named(name), SECRET);
        assert_eq!(sent.refusal(&named(name), SECRET), Some(Refusal::SecretNotConfigured), "{name}");
    }
}

#[test]
fn twilio_vouches_for_a_form_or_for_a_hash() {
    let twilio = named("twilio");
    let form = Sent::of("Body=hi&A=2&A=1&A=2").signed(&twilio, SECRET);
    assert_eq!(form.refusal(&twilio, SECRET), None);
    let other = |body: &str| Sent { body: body.into(), ..form.clone() };
    assert_eq!(other("A=1&A=2&Body=hi").refusal(&twilio, SECRET), None, "order does not matter");
    assert_eq!(other("A=1&A=3&Body=hi").refusal(&twilio, SECRET), Some(Refusal::SignatureMismatch));
    let json = Sent::of("{}").at(format!("https://h/?bodySHA256={}", "00".repeat(32))).signed(&twilio, SECRET);
    assert_eq!(json.refusal(&twilio, SECRET), Some(Refusal::SignatureMismatch), "genuine URL, another body");
}

#[test]
fn hubspot_may_have_decoded_what_it_decodes() {
    let hubspot = named("hubspot");
    let sent = Sent::of("{}").at("https://h/a?b=c:d").signed(&hubspot, SECRET);
    assert_eq!(sent.clone().at("https://h/a?b=c%3Ad").refusal(&hubspot, SECRET), None);
    assert_eq!(sent.at("https://h/a?b=c%3Ae").refusal(&hubspot, SECRET), Some(Refusal::SignatureMismatch));
}

#[test]
fn every_item_of_a_graph_body_repeats_the_secret() {
    let refusal = |body: &str| Sent::of(body).refusal(&named("graph"), SECRET);
    for (body, expected) in [
        (r#"{"value":[{"clientState":"a secret"},{"clientState":"a secret"}]}"#, None),
        (r#"{"value":[{"clientState":"a secret"},{"clientState":"other"}]}"#, Some(Refusal::SignatureMismatch)),
        (r#"{"value":[{"clientState":"a secret"},{}]}"#, Some(Refusal::MissingSignature)),
        (r#"{"value":[{"clientState":"x","clientState":"a secret"}]}"#, Some(Refusal::MalformedSignature)),
        (r#"{"value":[{"clientState":7}]}"#, Some(Refusal::MalformedSignature)),
        (r#"{"value":[]}"#, Some(Refusal::MissingSignature)),
        ("{}", Some(Refusal::MissingSignature)),
        ("[", Some(Refusal::MalformedSignature)),
    ] {
        assert_eq!(refusal(body), expected, "{body}");
    }
}

#[test]
fn a_scheme_of_ones_own_signs_id_and_time() {
    let auth = Auth::Hmac(HmacScheme {
        template: Some("{id}|{ts}|{body}".into()),
        id_header: Some("X-Id".into()),
        time: Some(SignedTime { header: "X-Time".into(), unit: TimeUnit::Rfc3339, tolerance: 10 }),
        key: KeyForm::Hex,
        ..HmacScheme::over_body("X-Sign", "v1=", Encoding::Base64, Hash::Sha512)
    });
    let secret = b"00ff";
    let sent = Sent::of("{}").with("x-id", "7").signed(&auth, secret);
    assert_eq!(sent.refusal(&auth, secret), None);
    let without = |name: &str| {
        let mut less = sent.clone();
        less.headers.retain(|(n, _)| n != name);
        less.refusal(&auth, secret)
    };
    assert_eq!(without("x-id"), Some(Refusal::MissingSignature));
    assert_eq!(without("x-time"), Some(Refusal::TimestampMissing));
    let twice = sent.clone().with("x-time", "2025-10-22T02:27:13Z");
    assert_eq!(twice.refusal(&auth, secret), Some(Refusal::TimestampMalformed));
    assert_eq!(sent.refusal(&auth, b"no hex"), Some(Refusal::SecretNotConfigured));
}

#[test]
fn nothing_of_a_secret_shows_in_a_verifier() {
    let shown = format!("{:?}", crate::Verifier::new(&Auth::GithubHmacSha256, &[SECRET]));
    assert_eq!(shown, r#"Verifier { scheme: "github_hmac_sha256", .. }"#);
}

#[test]
fn configuration_of_an_earlier_version_still_reads() {
    let old = r#"{"mode":"hmac","header":"x","prefix":"","encoding":"hex","hash":"sha256"}"#;
    let auth = Auth::Hmac(HmacScheme::over_body("x", "", Encoding::Hex, Hash::Sha256));
    assert_eq!(serde_json::from_str::<Auth>(old).unwrap(), auth);
    assert_eq!(serde_json::to_string(&auth).unwrap(), old, "and keeps the hash of its snapshot");
    let slack = r#"{"mode":"scheme","name":"slack"}"#;
    assert_eq!(serde_json::from_str::<Auth>(slack).unwrap(), Auth::scheme("slack"));
}
