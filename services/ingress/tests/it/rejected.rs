//! What a refused request leaves behind: little, however many come, and enough to see why a webhook does not fire.

use hookwheel_core::delivery::{Notice, NoticeKind};
use hookwheel_core::rejection;
use hookwheel_proto::Fact;
use hookwheel_testkit::rawsocket::RawSocket;

use crate::kit::{Ingress, github, post};

fn notices(ingress: &Ingress) -> Vec<Notice> {
    let read = |record| match hookwheel_proto::decode(&record).unwrap() {
        Fact::Notice(notice) => notice,
        other => panic!("not a notice: {other:?}"),
    };
    ingress.log.under("hw.notice.").into_iter().map(read).filter(|notice| notice.kind == NoticeKind::Rejected).collect()
}

#[tokio::test]
async fn a_rejection_says_when_why_from_where_and_what_to_do() {
    let ingress = Ingress::start().await;
    let wrong = github().sample(1).with_header("x-hub-signature-256", &format!("sha256={}", "0".repeat(64)));
    let wrong =
        wrong.with_header("x-odd", "canary-value").with_header(&format!("x-{}", "n".repeat(200)), "canary-value");
    assert_eq!(ingress.status(wrong.to_bytes("/webhooks/gh?token=canary-query")).await, 401);
    let told = post("/webhooks/gh", "Content-Encoding: gzip\r\n", b"canary-body");
    assert_eq!(ingress.status(told).await, 415);
    assert_eq!(ingress.status(post("/webhooks/off", "", b"{}")).await, 404);
    assert_eq!(ingress.status(post("/webhooks/nobody-knows", "", b"{}")).await, 404);
    ingress.until(async || notices(&ingress).len() == 3).await;
    let all = notices(&ingress);
    let first = &all[0];
    assert_eq!(
        (first.reason.as_str(), first.rule.as_str(), first.more),
        ("signature_invalid", "signature_mismatch", 0)
    );
    assert_eq!(first.peer, "127.0.0.1");
    assert!(first.headers.iter().any(|name| name == "x-hub-signature-256"), "{:?}", first.headers);
    assert!(first.headers.iter().all(|name| name.len() <= 48), "{:?}", first.headers);
    let remedy = rejection::explain(&first.rule).unwrap().remedy;
    assert!(remedy.contains("signs with another secret"), "{remedy}");
    let rules: Vec<_> = all.iter().map(|notice| notice.rule.as_str()).collect();
    assert_eq!(rules, ["signature_mismatch", "unsupported_encoding", "not_found"]);
    for record in ingress.log.under("hw.notice.") {
        assert!(!String::from_utf8_lossy(&record.payload).contains("canary-"), "no value and no body");
        assert!(record.payload.len() < 4_096);
    }
}

#[tokio::test]
async fn thousands_leave_a_handful_and_their_number() {
    const SENT: usize = 3_000;
    let ingress = Ingress::start().await;
    let mut socket = RawSocket::connect(ingress.address).await.unwrap();
    // A handshake with a method that nobody takes is no rejection; a body that means nothing is one, and floods nothing.
    for n in 0..SENT {
        let body = format!("not json {n}");
        let signed = github().sign(vec![("x-github-event".into(), "ping".into())], body);
        socket.send(&signed.to_bytes("/webhooks/gh")).await;
        assert_eq!(socket.answer().await.unwrap().unwrap().status, 400);
    }
    ingress.until(async || notices(&ingress).len() >= 18).await;
    let all = notices(&ingress);
    assert!(all.len() <= 20, "{}", all.len());
    let counted: u64 = all.iter().map(|notice| 1 + notice.more).sum();
    assert!(counted >= 2_048 && counted <= SENT as u64, "{counted}");
}
