//! Every example body means what it should, and bodies that are not a delivery are refused.

use hookwheel_core::EntityKey;
use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::Headers;
use crate::summary::WHOLE;
use crate::tests::webhook;

#[derive(Deserialize)]
struct Expected {
    file: String,
    event: String,
    event_type: String,
    entity_key: Option<String>,
}

fn headers(event: &str, more: &[(&str, &[u8])]) -> Headers {
    let mut headers = vec![("x-github-event".to_owned(), event.as_bytes().to_vec())];
    headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())));
    Headers(headers)
}

fn admit_with(headers: &Headers, body: &[u8]) -> Result<String, BadBody> {
    Github.admit(&webhook("github"), &Request { method: "POST", url: "", headers, body })
}

fn admit(event: &str, body: &[u8]) -> Result<String, BadBody> {
    admit_with(&headers(event, &[]), body)
}

fn describe(event: &str, body: &[u8]) -> Event {
    let headers = headers(event, &[]);
    Github.describe(&webhook("github"), &Request { method: "POST", url: "", headers: &headers, body })
}

fn examples() -> Vec<(Expected, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/github");
    let expected: Vec<Expected> =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    assert!(expected.len() > 70);
    expected
        .into_iter()
        .map(|e| {
            let body = std::fs::read(folder.join("payloads").join(&e.file)).unwrap();
            (e, body)
        })
        .collect()
}

#[test]
fn every_example_has_its_type_its_entity_and_a_bounded_summary() {
    for (expected, body) in examples() {
        admit(&expected.event, &body).unwrap_or_else(|bad| panic!("{}: {bad:?}", expected.file));
        let event = describe(&expected.event, &body);
        assert_eq!(event.event_type.as_deref(), Some(expected.event_type.as_str()), "{}", expected.file);
        assert_eq!(event.entity.as_ref().map(EntityKey::as_str), expected.entity_key.as_deref(), "{}", expected.file);
        let size: usize = event.summary.iter().map(|f| f.name.len() + f.value.chars().count()).sum();
        assert!(size <= WHOLE, "{}: {size}", expected.file);
        assert!(event.summary.iter().any(|f| f.name == "action" || f.name == "repository"), "{}", expected.file);
    }
}

#[test]
fn a_body_under_another_events_name_is_refused() {
    let examples = examples();
    let known: Vec<_> = examples.iter().filter(|(e, _)| kinds::find(&e.event).is_some()).collect();
    let mut accepted = Vec::new();
    for (own, body) in &known {
        for (other, _) in &known {
            if own.event != other.event && admit(&other.event, body) != Err(BadBody::EventMismatch) {
                accepted.push(format!("{} as {}", own.file, other.event));
            }
        }
    }
    // `watch` says nothing of itself but an action, so anything without a subject of its own may pass for it.
    accepted.retain(|line| !line.ends_with(" as watch"));
    assert!(accepted.is_empty(), "{accepted:#?}");
}

#[test]
fn a_comment_on_a_pull_request_is_about_the_pull_request() {
    let body = br#"{"action":"created","issue":{"number":7,"pull_request":{"url":"u"}},"comment":{"body":"hi"},
        "repository":{"full_name":"o/r"},"sender":{"login":"s"}}"#;
    let event = describe("issue_comment", body);
    assert_eq!(event.entity.unwrap().as_str(), "github:o/r:pr:7");
    assert_eq!(event.actor.unwrap(), "s");
    assert_eq!(event.event_type.unwrap(), "issue_comment.created");
}

#[test]
fn the_key_is_the_delivery_header_else_the_body() {
    let body = br#"{"zen":"z","hook_id":1}"#;
    let by = |id: &[u8]| admit_with(&headers("ping", &[("x-github-delivery", id)]), body);
    assert_eq!(by(b"d-1").unwrap(), "d-1");
    assert_eq!(by(b"*.>").unwrap(), "*.>");
    for none in [&b""[..], b"a\x07b", b"\xff"] {
        assert!(by(none).unwrap().starts_with("sha256:"));
    }
    assert_eq!(by(&[b'x'; 255]).unwrap().len(), 255);
    assert_eq!(by(&[b'x'; 256]), Err(BadBody::BadDeliveryId));
    let twice = headers("ping", &[("x-github-delivery", b"a"), ("x-github-delivery", b"a")]);
    assert_eq!(admit_with(&twice, body), Err(BadBody::BadDeliveryId));
}

#[test]
fn what_is_no_delivery_is_refused() {
    let deep = format!(r#"{{"zen":"z","hook_id":{}1{}}}"#, "[".repeat(128), "]".repeat(128));
    for (body, bad) in [
        (&b""[..], BadBody::Empty),
        (b"{\"zen\":", BadBody::InvalidJson),
        (b"{\"zen\":\"\xff\",\"hook_id\":1}", BadBody::InvalidJson),
        (br#"{"zen":"\ud800","hook_id":1}"#, BadBody::InvalidJson),
        (br#"{"zen":"z","hook_id":1} {}"#, BadBody::InvalidJson),
        (deep.as_bytes(), BadBody::InvalidJson),
        (b"[]", BadBody::UnexpectedShape),
        (b"null", BadBody::UnexpectedShape),
        (br#"{"zen":"z","hook_id":1,"hook_id":2}"#, BadBody::DuplicateKey),
        (br#"{"zen":"z"}"#, BadBody::EventMismatch),
    ] {
        assert_eq!(admit("ping", body), Err(bad), "{}", String::from_utf8_lossy(&body[..body.len().min(60)]));
    }
    let twice = br#"{"action":"opened","issue":{"number":1,"number":2},"repository":{"full_name":"o/r"}}"#;
    assert_eq!(admit("issues", twice), Err(BadBody::DuplicateKey));
    let elsewhere =
        br#"{"action":"opened","issue":{"number":1,"title":"a","title":"b"},"repository":{"full_name":"o/r"}}"#;
    assert!(admit("issues", elsewhere).is_ok());
    assert_eq!(admit("", b"{}"), Err(BadBody::EventMismatch));
    assert!(admit("an_event_of_tomorrow", b"{}").is_ok());
}

#[test]
fn forms_bring_their_payload_and_nothing_else() {
    let form = |body: &[u8]| {
        let headers = headers("ping", &[("content-type", b"application/x-www-form-urlencoded; charset=utf-8")]);
        admit_with(&headers, body)
    };
    assert!(form(b"payload=%7B%22zen%22%3A%22z%22%2C%22hook_id%22%3A1%7D").is_ok());
    assert_eq!(form(b"other=1"), Err(BadBody::InvalidForm));
    assert_eq!(form(b"payload=%7B%7D&payload=%7B%7D"), Err(BadBody::InvalidForm));
    let multipart = headers("ping", &[("content-type", b"multipart/form-data; boundary=x")]);
    assert_eq!(admit_with(&multipart, b"{}"), Err(BadBody::UnsupportedType));
    assert!(admit_with(&headers("ping", &[("content-type", b"text/plain")]), br#"{"zen":"z","hook_id":1}"#).is_ok());
}

#[test]
fn the_sample_is_a_delivery_of_two_kilobytes() {
    let (sent, body) = Github.sample(41);
    let sent = Headers(sent.into_iter().map(|(n, v)| (n, v.into_bytes())).collect());
    let request = Request { method: "POST", url: "", headers: &sent, body: &body };
    assert_eq!(Github.admit(&webhook("github"), &request).unwrap(), "00000029-0000-4000-8000-000000000029");
    let event = Github.describe(&webhook("github"), &request);
    assert_eq!(event.entity.unwrap().as_str(), "github:acme/widgets:pr:42");
    assert_eq!(event.event_type.unwrap(), "pull_request.opened");
    assert!((1_700..2_600).contains(&body.len()), "{}", body.len());
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(event in "[a-z_]{0,20}", body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = admit(&event, &body);
        let _ = describe(&event, &body);
    }

    #[test]
    fn a_damaged_example_never_makes_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (_, mut body) = Github.sample(7);
        let at = at.index(body.len());
        body[at] = byte;
        if admit("pull_request", &body).is_ok() {
            prop_assert!(describe("pull_request", &body).event_type.is_some());
        }
    }
}
