//! The same signatures once more, written down by hand for each family, without the engine and its table.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use sha1::Sha1;
use sha2::Sha256;

use super::super::table::{GITHUB, RULES, STANDARD_WEBHOOKS};
use super::*;

fn sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().to_vec()
}

fn sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    Hmac::<Sha1>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().to_vec()
}

const SECONDS: &str = "1761100033";
const MILLIS: &str = "1761100033000";
const TEXT: &str = "2025-10-22T02:27:13.000000Z";

/// What the sender of a scheme puts into its headers, secret, id and body given.
fn expected(scheme: &str, key: &[u8], id: &str, body: &[u8]) -> Vec<(&'static str, String)> {
    let hex = |code: Vec<u8>| hex::encode(code);
    let b64 = |code: Vec<u8>| BASE64.encode(code);
    let join = |before: &str, after: &str| [before.as_bytes(), body, after.as_bytes()].concat();
    match scheme {
        "github_hmac_sha256" | "meta" => {
            vec![("x-hub-signature-256", format!("sha256={}", hex(sha256(key, body))))]
        }
        "bitbucket" | "jira" => vec![("x-hub-signature", format!("sha256={}", hex(sha256(key, body))))],
        "github_hmac_sha1" | "intercom" => vec![("x-hub-signature", format!("sha1={}", hex(sha1(key, body))))],
        "linear_webhook_signature" => vec![("linear-signature", hex(sha256(key, body)))],
        "sentry_webhook_signature" => vec![("sentry-hook-signature", hex(sha256(key, body)))],
        "mintlify" => vec![("x-mintlify-signature", hex(sha256(key, body)))],
        "grafana" => vec![("x-grafana-alerting-signature", hex(sha256(key, body)))],
        "asana" => vec![("x-hook-signature", hex(sha256(key, body)))],
        "dropbox" => vec![("x-dropbox-signature", hex(sha256(key, body)))],
        "gitea" => vec![("x-gitea-signature", hex(sha256(key, body)))],
        "pagerduty_v2_signature" => vec![("x-pagerduty-signature", format!("v1={}", hex(sha256(key, body))))],
        "shopify" => vec![("x-shopify-hmac-sha256", b64(sha256(key, body)))],
        "typeform" => vec![("typeform-signature", format!("sha256={}", b64(sha256(key, body))))],
        "x" => vec![("x-twitter-webhooks-signature", format!("sha256={}", b64(sha256(key, body))))],
        "msteams" => vec![("authorization", format!("HMAC {}", b64(sha256(&BASE64.decode(key).unwrap(), body))))],
        "trello" => vec![("x-trello-webhook", b64(sha1(key, &join("", URL))))],
        "twilio" => vec![("x-twilio-signature", b64(sha1(key, format!("{URL}a1b2").as_bytes())))],
        "slack" => vec![
            ("x-slack-request-timestamp", SECONDS.into()),
            ("x-slack-signature", format!("v0={}", hex(sha256(key, &join(&format!("v0:{SECONDS}:"), ""))))),
        ],
        "zoom" => vec![
            ("x-zm-request-timestamp", SECONDS.into()),
            ("x-zm-signature", format!("v0={}", hex(sha256(key, &join(&format!("v0:{SECONDS}:"), ""))))),
        ],
        "grafana_timestamp" => vec![
            ("x-grafana-alerting-timestamp", SECONDS.into()),
            ("x-grafana-alerting-signature", hex(sha256(key, &join(&format!("{SECONDS}:"), "")))),
        ],
        "stripe_webhook_signature" => {
            let code = hex(sha256(key, &join(&format!("{SECONDS}."), "")));
            vec![("stripe-signature", format!("t={SECONDS},v1={code}"))]
        }
        "hubspot" => vec![
            ("x-hubspot-request-timestamp", MILLIS.into()),
            ("x-hubspot-signature-v3", b64(sha256(key, &join(&format!("POST{URL}"), MILLIS)))),
        ],
        "zendesk" => vec![
            ("x-zendesk-webhook-signature-timestamp", TEXT.into()),
            ("x-zendesk-webhook-signature", b64(sha256(key, &join(TEXT, "")))),
        ],
        "twitch" => vec![
            ("twitch-eventsub-message-timestamp", TEXT.into()),
            (
                "twitch-eventsub-message-signature",
                format!("sha256={}", hex(sha256(key, &join(&format!("{id}{TEXT}"), "")))),
            ),
        ],
        "standard_webhooks" | "gitlab_signing_token" => {
            let key = BASE64.decode(key.strip_prefix(b"whsec_").unwrap()).unwrap();
            let code = b64(sha256(&key, &join(&format!("{id}.{SECONDS}."), "")));
            vec![("webhook-timestamp", SECONDS.into()), ("webhook-signature", format!("v1,{code}"))]
        }
        "discord" => {
            let seed: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
            let code = SigningKey::from_bytes(&seed).sign(&join(SECONDS, ""));
            vec![("x-signature-timestamp", SECONDS.into()), ("x-signature-ed25519", hex::encode(code.to_bytes()))]
        }
        other => panic!("{other} has a row and no oracle"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_row_signs_as_written_down_by_hand(
        key in any::<[u8; 32]>(), id in "[a-z0-9_]{1,20}", body in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        for rule in [&GITHUB, &STANDARD_WEBHOOKS].into_iter().chain(RULES) {
            let key = match rule.name {
                "standard_webhooks" | "gitlab_signing_token" => format!("whsec_{}", BASE64.encode(key)),
                "msteams" => BASE64.encode(key),
                _ => hex::encode(key),
            };
            let body = if rule.name == "twilio" { b"b=2&a=1".to_vec() } else { body.clone() };
            let mut sent = Sent::of(body.clone());
            sent.headers.extend(rule.headers[0].id.map(|name| (name.to_owned(), id.clone().into_bytes())));
            let signed = sent.look(|request| sign(&named(rule.name), key.as_bytes(), request, NOW));
            let expected = expected(rule.name, key.as_bytes(), &id, &body);
            let expected: Vec<_> = expected.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            prop_assert_eq!(signed, expected, "{}", rule.name);
        }
    }
}
