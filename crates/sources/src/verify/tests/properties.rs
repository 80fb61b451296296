//! For every scheme: what is signed verifies, and no changed byte does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::SigningKey;
use hookwheel_core::webhook::{Encoding, Hash, HmacScheme, KeyForm, SignedTime, TimeUnit};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::schemes;

/// A scheme, a secret of its kind that signs and verifies, and a URL and a body that it can sign.
#[derive(Debug, Clone)]
struct World {
    auth: Auth,
    secret: Vec<u8>,
    url: String,
    body: Vec<u8>,
}

fn world(auth: Auth, seed: [u8; 32], mut body: Vec<u8>) -> World {
    let pair = SigningKey::from_bytes(&seed).to_keypair_bytes();
    let name = super::super::way::name(&auth);
    let secret = match name {
        "discord" => hex::encode(pair),
        "gitlab_signing_token" => format!("whsec_{}", BASE64.encode(seed)),
        "standard_webhooks" if seed[0] < 128 => format!("whsec_{}", BASE64.encode(seed)),
        "standard_webhooks" => format!("whsk_{}", BASE64.encode(pair)),
        "msteams" => BASE64.encode(seed),
        _ => hex::encode(seed),
    };
    if name == "linear_webhook_signature" {
        body = format!(r#"{{"webhookTimestamp":{},"text":"{}"}}"#, NOW.millis(), hex::encode(&body)).into_bytes();
    }
    // Twilio vouches for any body through its hash in the URL.
    let url =
        if name == "twilio" { format!("{URL}&bodySHA256={}", hex::encode(Sha256::digest(&body))) } else { URL.into() };
    World { auth, secret: secret.into_bytes(), url, body }
}

fn any_auth() -> impl Strategy<Value = Auth> {
    let known: Vec<Auth> = schemes().filter(|name| !["none", "graph"].contains(name)).map(named).collect();
    assert!(known.len() > 30);
    prop_oneof![
        8 => prop::sample::select(known),
        1 => Just(Auth::StaticHeader { header: "X-Token".into() }),
        4 => any_hmac(),
    ]
}

fn any_hmac() -> impl Strategy<Value = Auth> {
    let hash = prop::sample::select(vec![Hash::Sha1, Hash::Sha256, Hash::Sha512]);
    let encoding = prop::sample::select(vec![Encoding::Hex, Encoding::Base64]);
    let key = prop::sample::select(vec![KeyForm::Text, KeyForm::Hex, KeyForm::Base64]);
    let unit = prop::sample::select(vec![TimeUnit::Seconds, TimeUnit::Millis, TimeUnit::Rfc3339]);
    let template = prop::sample::select(vec![
        "{body}",
        "{ts}.{body}",
        "{id}.{ts}.{body}",
        "v0:{ts}:{body}",
        "{method}{url}{body}{ts}",
        "{body}{{x}",
        "{body}{ts}é",
    ]);
    (hash, encoding, key, unit, template, "[a-z0-9=]{0,8}").prop_map(|(hash, encoding, key, unit, template, prefix)| {
        Auth::Hmac(HmacScheme {
            template: Some(template.into()),
            id_header: template.contains("{id}").then(|| "X-Id".into()),
            time: template.contains("{ts}").then(|| SignedTime { header: "X-Time".into(), unit, tolerance: 60 }),
            key,
            ..HmacScheme::over_body("X-Signature", prefix, encoding, hash)
        })
    })
}

fn covers_the_body(auth: &Auth) -> bool {
    let tokens = ["gitlab_token", "alertmanager", "datadog", "cloudevents"];
    match auth {
        Auth::Bearer | Auth::Basic | Auth::StaticHeader { .. } => false,
        Auth::Scheme { name, .. } => !tokens.contains(&name.as_str()),
        _ => true,
    }
}

fn any_world() -> impl Strategy<Value = World> {
    (any_auth(), any::<[u8; 32]>(), prop::collection::vec(any::<u8>(), 1..120))
        .prop_map(|(auth, seed, body)| world(auth, seed, body))
}

fn changed(text: &[u8], at: &prop::sample::Index, flip: u8) -> Vec<u8> {
    let mut text = text.to_vec();
    let at = at.index(text.len());
    text[at] ^= flip;
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_is_signed_verifies_and_no_changed_byte_does(
        world in any_world(), at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let World { auth, secret, url, body } = world;
        let sent = Sent::of(body).at(url).signed(&auth, &secret);
        let other = hex::encode([7; 64]);
        prop_assert!(sent.headers.iter().all(|(name, _)| !name.bytes().any(|b| b.is_ascii_uppercase())));
        prop_assert_eq!(sent.verify(&auth, &[other.as_bytes(), &secret]).unwrap().secret, Some(1));
        prop_assert!(sent.verify(&auth, &[other.as_bytes()]).is_err());

        let body = Sent { body: changed(&sent.body, &at, flip), ..sent.clone() };
        prop_assert_eq!(body.refusal(&auth, &secret).is_some(), covers_the_body(&auth));
        for n in 0..sent.headers.len() {
            let mut header = sent.clone();
            header.headers[n].1 = changed(&sent.headers[n].1, &at, flip);
            // Case is free in hex, in prefixes and in the names of `Authorization` schemes.
            if !header.headers[n].1.eq_ignore_ascii_case(&sent.headers[n].1) {
                prop_assert!(header.refusal(&auth, &secret).is_some(), "{}", sent.headers[n].0);
            }
        }
        let another = changed(&secret, &at, flip);
        if !another.eq_ignore_ascii_case(&secret) {
            prop_assert!(sent.refusal(&auth, &another).is_some());
        }
    }

    #[test]
    fn no_request_makes_it_panic_or_believes_a_stranger(
        auth in any_auth(), values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 12),
        url in "\\PC{0,40}", body in prop::collection::vec(any::<u8>(), 0..80), now in any::<i64>(),
    ) {
        let mut names = super::super::proof_headers(&auth);
        names.extend(["webhook-id", "webhook-timestamp", "svix-id", "x-time", "x-id", "x-slack-request-timestamp",
            "x-signature-timestamp", "x-hubspot-request-timestamp"].map(str::to_owned));
        let headers = Headers(names.into_iter().zip(values).collect());
        let request = Request { method: "POST", url: &url, headers: &headers, body: &body };
        for secret in ["whsec_c2VjcmV0c2VjcmV0c2VjcmV0", "c2VjcmV0", "00ff", ""] {
            prop_assert!(verify(&auth, &[secret.as_bytes()], &request, Timestamp::from_micros(now)).is_err());
        }
    }
}
