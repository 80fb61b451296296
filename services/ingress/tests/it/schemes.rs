//! Every scheme through the door: a genuine request is taken, one with another body or another key is refused.

use hookwheel_core::Timestamp;
use hookwheel_core::webhook::{Auth, SecretRef};
use hookwheel_runtime::clock::now_micros;
use hookwheel_sources::{Headers, Request, auth, schemes, sign};

use crate::kit::{Ingress, post};

const BASE: &str = "https://hooks.example.com";
/// The SHA-256 of [`BODY`] is in the URL, where one sender vouches for its body with it.
const BODY: &[u8] = br#"{"id":"1"}"#;
const BODY_SHA256: &str = "5811967f540d300d249ab30ae681359a7815fdb5d3dc71a94be1d491006a6b27";

/// Of each kind one secret that signs and verifies.
fn secret(scheme: &str) -> String {
    match scheme {
        "standard_webhooks" | "gitlab_signing_token" | "msteams" => "c2VjcmV0c2VjcmV0c2VjcmV0".into(),
        // An Ed25519 pair of RFC 8032: seed and public key.
        "discord" => "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\
                      d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
            .into(),
        other => format!("the secret of {other}"),
    }
}

fn request(auth: &Auth, secret: &str, path: &str, signed: &[u8], sent: &[u8]) -> Vec<u8> {
    let headers = Headers::default();
    let url = format!("{BASE}{path}");
    let request = Request { method: "POST", url: &url, headers: &headers, body: signed };
    let proof = sign(auth, secret.as_bytes(), &request, Timestamp::from_micros(now_micros()));
    let lines: String = proof.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    post(path, &lines, sent)
}

#[tokio::test]
async fn every_scheme_is_believed_and_no_other_body_or_secret_is() {
    let ingress = Ingress::start().await;
    let tokens = ["bearer", "basic", "gitlab_token", "alertmanager", "datadog", "cloudevents"];
    // Graph repeats its secret in the body, Linear its time: their own tests are in `hookwheel-sources`.
    for scheme in schemes().filter(|scheme| !["none", "graph", "linear_webhook_signature"].contains(scheme)) {
        let (auth, secret) = (auth(scheme).unwrap(), secret(scheme));
        // A name of its own: some schemes' webhooks are there already, with another secret.
        let slug = format!("by-{}", scheme.replace('_', "-"));
        let file = format!("{}-{slug}", ingress.secret_file());
        std::fs::write(&file, &secret).unwrap();
        let mut hook = ingress.hook(&slug, "generic", auth.clone());
        hook.secrets = vec![SecretRef::File(file)];
        hook.public_base_url = Some(BASE.into());
        ingress.configure(&hook);
        let path = format!("/webhooks/{slug}?bodySHA256={BODY_SHA256}");
        let stranger = || request(&auth, "bm90IHRoZSBzZWNyZXQ=", &path, BODY, BODY);
        ingress.until(async || ingress.status(stranger()).await != 404).await;
        assert_eq!(ingress.status(stranger()).await, 401, "{scheme}");
        if !tokens.contains(&scheme) {
            let other = request(&auth, &secret, &path, BODY, br#"{"id":"2"}"#);
            assert_eq!(ingress.status(other).await, 401, "{scheme}: another body");
        }
        assert_eq!(ingress.status(request(&auth, &secret, &path, BODY, BODY)).await, 202, "{scheme}");
        assert_eq!(ingress.deliveries(&slug)[0].proof.secret, Some(0), "{scheme}");
    }
}

#[tokio::test]
async fn the_host_header_says_nothing_about_the_url_that_was_signed() {
    let ingress = Ingress::start().await;
    let mut hook = ingress.hook("trello", "generic", Auth::scheme("trello"));
    ingress.configure(&hook);
    let sent = || request(&hook.auth, crate::kit::SECRET, "/webhooks/trello", BODY, BODY);
    ingress.until(async || ingress.status(sent()).await != 404).await;
    assert_eq!(ingress.status(sent()).await, 401, "without a public base nothing matches");
    hook.public_base_url = Some(format!("{BASE}/"));
    ingress.configure(&hook);
    let sent = || request(&hook.auth, crate::kit::SECRET, "/webhooks/trello", BODY, BODY);
    ingress.until(async || ingress.status(sent()).await == 202).await;
}
