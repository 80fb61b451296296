//! Rows 19–28: where a request may go, and how large its body may be.

use hookwheel_testkit::rawsocket::{Answer, RawSocket};

use crate::kit::{Ingress, closed, post};

async fn answer(ingress: &Ingress, bytes: Vec<u8>) -> Answer {
    ingress.raw(bytes).await.unwrap_or_else(closed)
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn paths_are_never_decoded() {
    let ingress = Ingress::start().await;
    for path in ["/webhooks/%zz", "/webhooks/%4"] {
        assert_eq!(code(&answer(&ingress, post(path, "", b"{}")).await), (400, "bad_path".into()), "19 {path}");
    }
    let lost = [
        "/webhooks/%00",
        "/webhooks/%2e%2e",
        "/webhooks/open%2f",
        "/webhooks/%6fpen",
        "/webhooks/%256fpen",
        "/webhooks/../webhooks/open",
        "/webhooks/open/",
        "/webhooks/OPEN",
        "/webhooks/",
        "/",
        "/webhooks/ö",
        "/webhooks/wh_short",
        "/webhooks/unknown",
    ];
    for path in lost {
        let answer = answer(&ingress, post(path, "", b"{}")).await;
        assert!([400, 404].contains(&answer.status), "20, 22 {path}: {}", answer.status);
    }
}

#[tokio::test]
async fn nobody_can_tell_an_unknown_webhook_from_a_disabled_one() {
    let ingress = Ingress::start().await;
    let without_instance = |answer: Answer| {
        let mut json = answer.json();
        json["instance"].take();
        (answer.status, answer.headers.iter().filter(|(n, _)| n != "date").cloned().collect::<Vec<_>>(), json)
    };
    let unknown = without_instance(answer(&ingress, post("/webhooks/nobody", "", b"{}")).await);
    let disabled = without_instance(answer(&ingress, post("/webhooks/off", "", b"{}")).await);
    assert_eq!(unknown, disabled);
    assert_eq!(unknown.0, 404);
    assert_eq!(unknown.2["code"], "not_found");
}

#[tokio::test]
async fn only_post_delivers() {
    let ingress = Ingress::start().await;
    let by = |method: &str| format!("{method} /webhooks/open HTTP/1.1\r\nHost: h\r\n\r\n").into_bytes();
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let answer = answer(&ingress, by(method)).await;
        assert_eq!(code(&answer), (405, "method_not_allowed".into()), "23 {method}");
        assert!(answer.header("allow").unwrap().contains("POST"));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert!(answer.body.len() < 400);
    }
    let mut head = RawSocket::connect(ingress.address).await.unwrap();
    head.send(&by("HEAD")).await;
    assert_eq!(head.bodiless_answer().await.unwrap().unwrap().status, 405, "24");
    assert!(head.is_closed().await, "24 and no body");
    let options = answer(&ingress, by("OPTIONS")).await;
    assert_eq!(options.status, 204);
    assert!(options.headers.iter().all(|(name, _)| !name.starts_with("access-control")));
}

#[tokio::test]
async fn large_bodies_are_refused_before_and_while_they_are_read() {
    let ingress = Ingress::start().await;
    let head = |lines: &str| format!("POST /webhooks/small HTTP/1.1\r\nHost: h\r\n{lines}\r\n").into_bytes();
    let chunks = format!("400\r\n{}\r\n0\r\n\r\n", "x".repeat(0x400));
    let rows = [
        ("25 announced", head("Content-Length: 1001\r\n")),
        ("26 chunked", [head("Transfer-Encoding: chunked\r\n"), chunks.into_bytes()].concat()),
        ("27 expecting 100", head("Content-Length: 1001\r\nExpect: 100-continue\r\n")),
    ];
    for (row, bytes) in rows {
        let mut socket = RawSocket::connect(ingress.address).await.unwrap();
        socket.send(&bytes).await;
        let answer = socket.answer().await.unwrap().unwrap();
        assert_eq!(code(&answer), (413, "payload_too_large".into()), "{row}");
        assert!(socket.is_closed().await, "{row}");
    }
    let mut polite = RawSocket::connect(ingress.address).await.unwrap();
    polite.send(&head("Content-Length: 2\r\nExpect: 100-continue\r\n")).await;
    assert_eq!(polite.answer().await.unwrap().unwrap().status, 100);
    polite.send(b"{}").await;
    assert_eq!(polite.answer().await.unwrap().unwrap().status, 202);
}

#[tokio::test]
async fn compressed_bodies_are_refused() {
    let ingress = Ingress::start().await;
    for encoding in ["gzip", "br", "zstd", "identity, gzip"] {
        let answer =
            answer(&ingress, post("/webhooks/open", &format!("Content-Encoding: {encoding}\r\n"), b"{}")).await;
        assert_eq!(code(&answer), (415, "unsupported_encoding".into()), "28 {encoding}");
    }
    let plain = answer(&ingress, post("/webhooks/open", "Content-Encoding: identity\r\n", b"{}")).await;
    assert_eq!(plain.status, 202);
}
