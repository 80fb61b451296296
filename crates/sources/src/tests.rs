//! The registry, and the two profiles that are one file each.

use hookwheel_core::filter::EventFilter;
use hookwheel_core::ids::Slug;
use hookwheel_core::webhook::KeyFrom;
use hookwheel_core::{EntityKey, WebhookId};

use super::*;

const URL: &str = "https://hooks.example.com/webhooks/a-hook";

/// A webhook of this source that everyone may post to.
pub(crate) fn webhook(source: &str) -> Webhook {
    Webhook {
        id: WebhookId::parse("wh_0123456789abcdef").unwrap(),
        slug: Slug::parse("a-hook").unwrap(),
        enabled: true,
        source: source.into(),
        auth: Auth::None,
        secrets: vec![],
        events: EventFilter::default(),
        max_body: 1 << 20,
        entity_pointers: vec![],
        delivery_key: None,
        public_base_url: None,
        public_path: None,
        verify_token: None,
        pairing_until: None,
        gate: Default::default(),
        routes: vec![],
    }
}

/// What this profile says to a request that was believed.
pub(crate) fn admitted(source_name: &str, sent: &[(&str, &str)], body: &str) -> Result<String, BadBody> {
    admit(source_name, &webhook(source_name), sent, body)
}

/// What this profile makes of a request.
pub(crate) fn described(source_name: &str, sent: &[(&str, &str)], body: &str) -> Event {
    let headers = headers(sent);
    let request = Request { method: "POST", url: "", headers: &headers, body: body.as_bytes() };
    source(source_name).unwrap().describe(&webhook(source_name), &request)
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers(pairs.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect())
}

/// A sample of this profile, signed as its senders do: secret, headers, body.
fn signed(profile: &dyn Source, seed: u64, now: Timestamp) -> (Vec<u8>, Headers, Vec<u8>) {
    let (mut sent, mut body) = profile.sample(seed);
    let secret = match profile.name() {
        "discord" => hex::encode(ed25519_dalek::SigningKey::from_bytes(&[7; 32]).to_keypair_bytes()),
        "msteams" => "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0".to_owned(),
        _ => "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0".to_owned(),
    };
    if profile.name() == "graph" {
        // The secret stands in every item.
        let mut batch: serde_json::Value = serde_json::from_slice(&body).unwrap();
        batch["value"].as_array_mut().unwrap().iter_mut().for_each(|item| item["clientState"] = secret.clone().into());
        body = serde_json::to_vec(&batch).unwrap();
    }
    let unsigned = Headers(sent.iter().map(|(n, v)| (n.clone(), v.clone().into_bytes())).collect());
    let request = Request { method: "POST", url: URL, headers: &unsigned, body: &body };
    sent.extend(sign(&profile.default_auth(), secret.as_bytes(), &request, now));
    let headers = sent.into_iter().map(|(n, v)| (n, v.into_bytes())).collect();
    (secret.into_bytes(), Headers(headers), body)
}

#[test]
fn every_profile_signs_and_takes_its_own_sample() {
    let now = Timestamp::from_secs(1_761_100_033);
    for &profile in all() {
        let name = profile.name();
        let (auth, hook) = (profile.default_auth(), webhook(name));
        let keys = [3, 4].map(|seed| {
            let (secret, headers, body) = signed(profile, seed, now);
            let request = Request { method: "POST", url: URL, headers: &headers, body: &body };
            let verdict = verify(&auth, &[&secret], &request, now);
            assert!(verdict.is_ok(), "{name}: {verdict:?}");
            let proofs = proof_headers(&auth);
            assert!(proofs.is_empty() || proofs.iter().any(|h| headers.only(h).is_some()), "{name}");
            let event = profile.describe(&hook, &request);
            assert!(event.event_type.is_some() && !event.summary.is_empty(), "{name}");
            assert_eq!(profile.events(&hook, &request)[0], event, "{name}");
            let known = profile.event_types();
            assert!(known.is_empty() || known.contains(&event.event_type.as_deref().unwrap()), "{name}: {event:?}");
            profile.admit(&hook, &request).unwrap_or_else(|bad| panic!("{name}: {bad:?}"))
        });
        assert_ne!(keys[0], keys[1], "{name}: two samples are two deliveries");
        assert_eq!(source(name).unwrap().name(), name);
    }
    assert!(source("unheard-of").is_none());
}

fn admit(source_name: &str, hook: &Webhook, sent: &[(&str, &str)], body: &str) -> Result<String, BadBody> {
    let headers = headers(sent);
    source(source_name)
        .unwrap()
        .admit(hook, &Request { method: "POST", url: "", headers: &headers, body: body.as_bytes() })
}

#[test]
fn generic_takes_any_json_and_finds_its_key() {
    let mut hook = webhook("generic");
    for body in ["[1]", "\"text\"", "7", "null", "{}"] {
        assert!(admit("generic", &hook, &[], body).unwrap().starts_with("sha256:"), "{body}");
    }
    assert_eq!(admit("generic", &hook, &[], ""), Err(BadBody::Empty));
    assert_eq!(admit("generic", &hook, &[], "plain text"), Err(BadBody::InvalidJson));
    let all_ids = [("idempotency-key", "d"), ("x-webhook-id", "c"), ("x-request-id", "b"), ("x-delivery-id", "a")];
    for (n, key) in ["d", "c", "b", "a"].into_iter().enumerate() {
        assert_eq!(admit("generic", &hook, &all_ids[..=n], "{}").unwrap(), key);
    }
    hook.delivery_key = Some(KeyFrom::Header("X-My-Id".into()));
    assert_eq!(admit("generic", &hook, &[("x-my-id", "m"), ("x-delivery-id", "a")], "{}").unwrap(), "m");
    hook.delivery_key = Some(KeyFrom::Body("/order/id".into()));
    assert_eq!(
        admit("generic", &hook, &[], r#"{"order":{"id":18446744073709551617}}"#).unwrap(),
        "18446744073709551617"
    );
    assert_eq!(admit("generic", &hook, &[("x-delivery-id", "a")], "{}").unwrap(), "a");
    assert_eq!(admit("generic", &hook, &[], r#"{"order":{"id":1,"id":2}}"#), Err(BadBody::DuplicateKey));
}

#[test]
fn generic_reads_type_entity_and_the_body() {
    let mut hook = webhook("generic");
    hook.entity_pointers = vec!["/missing".into(), "/env".into()];
    let body = include_bytes!("../fixtures/generic/deploy_finished.json");
    let headers = headers(&[("event-type", "later"), ("x-event-type", "deploy.finished")]);
    let event =
        source("generic").unwrap().describe(&hook, &Request { method: "POST", url: "", headers: &headers, body });
    assert_eq!(event.event_type.unwrap(), "deploy.finished");
    assert_eq!(event.entity.as_ref().map(EntityKey::as_str), Some("generic:staging"));
    assert_eq!(event.summary[0].name, "body");
    assert!(event.summary[0].value.contains("1.2.9889"));
}

#[test]
fn standard_webhooks_has_its_id_in_a_header_and_its_type_in_the_body() {
    let hook = webhook("standard_webhooks");
    let id = |sent: &[(&str, &str)], body: &str| admit("standard_webhooks", &hook, sent, body);
    assert_eq!(id(&[("svix-id", "s")], r#"{"type":"t"}"#).unwrap(), "s");
    assert_eq!(id(&[("svix-id", "s"), ("webhook-id", "w")], r#"{"type":"t"}"#).unwrap(), "w");
    assert_eq!(id(&[], r#"{"type":"t","type":"u"}"#), Err(BadBody::DuplicateKey));
    assert_eq!(id(&[], "[]"), Err(BadBody::UnexpectedShape));
    let headers = Headers::default();
    let request = Request { method: "POST", url: "", headers: &headers, body: br#"{"type":"a.b","data":{"x":1}}"# };
    let event = source("standard_webhooks").unwrap().describe(&hook, &request);
    assert_eq!(event.event_type.unwrap(), "a.b");
    assert_eq!(event.summary.last().unwrap().value, r#"{"x":1}"#);
}

#[test]
fn a_sender_that_repeats_itself_is_heard_again() {
    let headers = Headers::default();
    let key = |name: &str, body: &[u8], seconds| {
        let request = Request { method: "POST", url: "", headers: &headers, body };
        let at = Timestamp::from_secs(seconds);
        crate::delivery_key(source(name).unwrap(), &webhook(name), &request, at).unwrap()
    };
    let changed = br#"{"list_folder":{"accounts":["dbid:a"]}}"#;
    assert_eq!(key("dropbox", changed, 600), key("dropbox", changed, 659));
    assert_ne!(key("dropbox", changed, 600), key("dropbox", changed, 660));
    assert_eq!(key("generic", b"{}", 600), key("generic", b"{}", 1_000_000));
}

#[test]
fn the_page_about_sources_names_each_with_its_proof() {
    let page = include_str!("../../../docs/operating/sources.md");
    for source in all() {
        let row = page.lines().find(|line| line.starts_with("| `") && line.contains(&format!("`{}`", source.name())));
        let row = row.unwrap_or_else(|| panic!("docs/operating/sources.md has no row for {}", source.name()));
        let auth = serde_json::to_value(source.default_auth()).unwrap();
        let way = auth["name"].as_str().or(auth["mode"].as_str()).unwrap();
        assert!(row.contains(&format!("| `{way}` |")), "{}: its way of proof is {way}", source.name());
    }
}
