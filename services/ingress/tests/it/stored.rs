//! What is stored, and that it is stored once.

use std::time::Duration;

use hookwheel_core::delivery::{Body, NoticeKind};
use hookwheel_log::{BlobHash, Blobs};
use hookwheel_proto::Fact;
use hookwheel_testkit::load::{self, Load, Outcome};
use tokio::task::JoinSet;

use crate::kit::{Ingress, SECRET, github};

#[tokio::test]
async fn a_delivery_is_kept_as_received() {
    let ingress = Ingress::start().await;
    let signed = github().sample(5).with_header("x-odd", "caf\u{e9}");
    let answer = signed.post(ingress.address, "/webhooks/gh").await.unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (202, Some("application/json")));
    let delivery = ingress.deliveries("gh").remove(0);
    assert_eq!(answer.json(), serde_json::json!({"status": "accepted", "delivery_id": delivery.delivery.as_str()}));
    assert_eq!(delivery.body, Body::Inline(signed.body.clone()));
    assert_eq!(delivery.key.text, signed.header("x-github-delivery").unwrap());
    assert_eq!(
        (delivery.method.as_str(), delivery.source.as_str(), delivery.peer.as_str()),
        ("POST", "github", "127.0.0.1")
    );
    assert_eq!((delivery.proof.scheme.as_str(), delivery.proof.secret), ("github_hmac_sha256", Some(0)));
    let hook = ingress.hook("gh", "github", hookwheel_core::webhook::Auth::GithubHmacSha256);
    let snapshot =
        hookwheel_core::snapshot::Snapshot { webhook: hook, agents: Default::default(), models: Default::default() };
    assert_eq!(delivery.snapshot, snapshot.hash());
    assert!(delivery.headers.iter().any(|(name, value)| name == "x-github-event" && value == b"pull_request"));
    assert!(delivery.headers.iter().all(|(name, _)| !name.contains("signature")));
}

#[tokio::test]
async fn a_25_mib_github_body_becomes_a_blob() {
    let ingress = Ingress::start().await;
    let mut body = br#"{"zen":"z","hook_id":1,"filler":""#.to_vec();
    body.resize((25 << 20) - 2, b'x');
    body.extend_from_slice(b"\"}");
    let headers = vec![("x-github-event".into(), "ping".into()), ("x-github-delivery".into(), "large".into())];
    let signed = github().sign(headers, body.clone());
    let answer = signed.post(ingress.address, "/webhooks/large").await.unwrap();
    assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
    let delivery = ingress.deliveries("large").remove(0);
    let Body::Blob { sha256, size } = delivery.body else { panic!("kept inline") };
    assert_eq!(size, 25 << 20);
    let kept = Blobs::new(ingress.log.clone()).get(&BlobHash::parse(&sha256).unwrap()).await.unwrap();
    assert!(kept == body);
    body.push(b' ');
    let over = github().sign(vec![("x-github-event".into(), "ping".into())], body);
    assert_eq!(over.post(ingress.address, "/webhooks/large").await.unwrap().status, 413);
}

#[tokio::test]
async fn one_delivery_sent_64_times_at_once_is_stored_once() {
    let ingress = Ingress::start().await;
    let mut sending = JoinSet::new();
    for _ in 0..64 {
        let (signed, address) = (github().sample(9), ingress.address);
        sending.spawn(async move { signed.post(address, "/webhooks/gh").await.unwrap() });
    }
    let answers = sending.join_all().await;
    let delivery = ingress.deliveries("gh").remove(0).delivery;
    assert!(answers.iter().all(|a| a.json()["delivery_id"] == delivery.as_str()));
    assert_eq!(answers.iter().filter(|a| a.status == 202).count(), 1);
    assert_eq!(answers.iter().filter(|a| a.status == 200 && a.json()["status"] == "deduplicated").count(), 63);
    assert_eq!(ingress.deliveries("gh").len(), 1);
    ingress.until(async || !ingress.log.under("hw.notice.").is_empty()).await;
    let Fact::Notice(notice) = hookwheel_proto::decode(&ingress.log.under("hw.notice.")[0]).unwrap() else { panic!() };
    assert_eq!((notice.kind, notice.delivery), (NoticeKind::Duplicate, Some(delivery)));
}

#[tokio::test]
async fn a_replica_that_has_never_seen_a_key_asks_the_log_whose_it_is() {
    let first = Ingress::start().await;
    let signed = github().sample(11);
    let accepted = signed.post(first.address, "/webhooks/gh").await.unwrap();
    let options = hookwheel_ingress::Options { listen: ([127, 0, 0, 1], 0).into(), ..Default::default() };
    let service = hookwheel_ingress::build(options, hookwheel_ingress::Ports { log: first.log.clone() }).await.unwrap();
    let address = service.address();
    let stop = tokio_util::sync::CancellationToken::new();
    let second = tokio::spawn(service.run(stop.clone()));
    first.until(async || signed.post(address, "/webhooks/gh").await.unwrap().status == 200).await;
    let repeat = signed.post(address, "/webhooks/gh").await.unwrap();
    assert_eq!(repeat.json()["delivery_id"], accepted.json()["delivery_id"]);
    stop.cancel();
    second.await.unwrap();
}

#[tokio::test]
async fn a_load_with_repeats_is_stored_key_by_key() {
    let ingress = Ingress::start().await;
    let distinct = load::github(SECRET, "/webhooks/gh", 100, 300).unwrap();
    let requests: Vec<_> = distinct.iter().chain(&distinct).cloned().collect();
    let load = Load {
        targets: vec![ingress.address],
        requests: requests.into(),
        connections: 32,
        attempts: 1,
        patience: Duration::from_secs(30),
    };
    let report = load.run().await.unwrap();
    assert_eq!(report.ok(), 600);
    let accepted = report.sent.iter().filter(|s| matches!(s.outcome, Outcome::Ok { status: 202, .. })).count();
    assert_eq!((accepted, ingress.deliveries("gh").len()), (300, 300));
}
