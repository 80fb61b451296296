//! What is signed verifies; the same with one byte of its body changed does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::SigningKey;
use hookwheel_core::Timestamp;
use hookwheel_core::webhook::{Auth, Encoding, Hash, HmacScheme, KeyForm, SignedTime, TimeUnit};
use hookwheel_sources::{Headers, Request, auth, proof_headers, schemes, sign, verify};
use sha2::{Digest as _, Sha256};

use crate::{Target, trace};

pub(super) const TARGET: Target = Target {
    name: "signed",
    holds: "every scheme believes what it signed, and none believes another body under the same signature",
    run,
    seeds,
    weight: 5,
};

const NOW: Timestamp = Timestamp::from_secs(1_761_100_033);
const URL: &str = "https://hooks.example.com/webhooks/a-hook?x=1";
const TEMPLATES: [&str; 4] = ["{body}", "{id}.{ts}.{body}", "{method}{url}{body}{ts}", "{body}{{x}é"];

/// Sixteen bytes of choices, then the body.
fn run(input: &[u8]) -> u64 {
    let Some((choices, rest)) = input.split_at_checked(16) else { return 0 };
    let auth = chosen(choices);
    let name = match &auth {
        Auth::Scheme { name, .. } => name.clone(),
        other => format!("{other:?}"),
    };
    let secret = secret(&auth, choices);
    let (url, body) = (url(&auth, rest), body(&auth, rest));
    let id = Headers(vec![("x-id".into(), b"msg-1".to_vec())]);
    let unsigned = Request { method: "POST", url: &url, headers: &id, body: &body };
    let signed = sign(&auth, &secret, &unsigned, NOW).into_iter().map(|(name, value)| (name, value.into_bytes()));
    let headers = Headers(id.0.iter().cloned().chain(signed).collect());
    let believed = |body: &[u8], secret: &[u8]| {
        verify(&auth, &[secret], &Request { method: "POST", url: &url, headers: &headers, body }, NOW)
    };
    let verdict = believed(&body, &secret);
    assert!(verdict.is_ok(), "{name}: {verdict:?}");
    let known = proof_headers(&auth);
    let proven = headers
        .0
        .iter()
        .skip(1)
        .all(|(name, _)| known.contains(name) || name.ends_with("id") || name == "x-time" || is_time(name));
    assert!(proven, "{name}: a proof outside of the headers that are taken away");

    let at = usize::from(u16::from_le_bytes([choices[1], choices[2]]));
    if let Some(changed) = changed(&body, at, choices[3]).filter(|_| covers_the_body(&auth)) {
        assert!(believed(&changed, &secret).is_err(), "{name} believes another body");
    }
    trace((name, body.len().min(3)))
}

fn is_time(name: &str) -> bool {
    name.ends_with("timestamp")
}

fn changed(body: &[u8], at: usize, flip: u8) -> Option<Vec<u8>> {
    let mut changed = body.to_vec();
    let at = at % body.len().max(1);
    *changed.get_mut(at)? ^= flip.max(1);
    Some(changed)
}

/// A scheme of the table, or an operator's own.
fn chosen(choices: &[u8]) -> Auth {
    let names: Vec<&str> = schemes().filter(|name| !["none", "graph"].contains(name)).collect();
    match names.get(usize::from(choices[0]) % (names.len() + 8)) {
        Some(name) => auth(name).expect("every listed scheme is known"),
        None => custom(choices[4], choices[5]),
    }
}

fn custom(one: u8, two: u8) -> Auth {
    let template = TEMPLATES[usize::from(one & 3)];
    let pick = |n: u8| usize::from((two >> n) % 3);
    let hash = [Hash::Sha1, Hash::Sha256, Hash::Sha512][pick(0)];
    let encoding = if one & 4 == 0 { Encoding::Hex } else { Encoding::Base64 };
    let unit = [TimeUnit::Seconds, TimeUnit::Millis, TimeUnit::Rfc3339][pick(2)];
    Auth::Hmac(HmacScheme {
        template: Some(template.into()),
        id_header: template.contains("{id}").then(|| "X-Id".into()),
        time: template.contains("{ts}").then(|| SignedTime { header: "X-Time".into(), unit, tolerance: 60 }),
        key: [KeyForm::Text, KeyForm::Hex, KeyForm::Base64][pick(4)],
        ..HmacScheme::over_body("X-Signature", "v0=", encoding, hash)
    })
}

fn named(auth: &Auth, wanted: &str) -> bool {
    matches!(auth, Auth::Scheme { name, .. } if name == wanted)
}

/// A secret of the scheme's kind that signs and verifies, out of the choices.
fn secret(auth: &Auth, choices: &[u8]) -> Vec<u8> {
    let seed: [u8; 32] = Sha256::digest(&choices[6..]).into();
    let pair = || SigningKey::from_bytes(&seed).to_keypair_bytes();
    match auth {
        _ if named(auth, "discord") => hex::encode(pair()),
        _ if named(auth, "gitlab_signing_token") => format!("whsec_{}", BASE64.encode(seed)),
        Auth::StandardWebhooks if choices[6] < 128 => format!("whsec_{}", BASE64.encode(seed)),
        Auth::StandardWebhooks => format!("whsk_{}", BASE64.encode(pair())),
        Auth::Hmac(HmacScheme { key: KeyForm::Base64, .. }) => BASE64.encode(seed),
        _ if named(auth, "msteams") => BASE64.encode(seed),
        _ => hex::encode(seed),
    }
    .into_bytes()
}

/// Linear's time is in its body.
fn body(auth: &Auth, rest: &[u8]) -> Vec<u8> {
    if !named(auth, "linear_webhook_signature") {
        return rest.to_vec();
    }
    format!(r#"{{"webhookTimestamp":{},"text":"{}"}}"#, NOW.millis(), hex::encode(rest)).into_bytes()
}

/// Twilio vouches for a body through its hash in the URL.
fn url(auth: &Auth, rest: &[u8]) -> String {
    if named(auth, "twilio") { format!("{URL}&bodySHA256={}", hex::encode(Sha256::digest(rest))) } else { URL.into() }
}

fn covers_the_body(auth: &Auth) -> bool {
    let tokens = ["gitlab_token", "alertmanager", "datadog", "cloudevents"];
    !matches!(auth, Auth::Bearer | Auth::Basic) && !tokens.iter().any(|name| named(auth, name))
}

/// Every scheme, with a short and an empty body.
fn seeds() -> Vec<Vec<u8>> {
    let choices = |n: u8| [n, 0, 0, 1, n, n, n.wrapping_mul(3), 1, 2, 3, 4, 5, 6, 7, 8, 9];
    (0..60).flat_map(|n| [choices(n).to_vec(), [&choices(n)[..], br#"{"a":1}"#].concat()]).collect()
}
