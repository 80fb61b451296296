//! Rows 1–18, 31–33: bytes that are no request, and requests that do not come to an end.

use std::time::Duration;

use hookwheel_testkit::rawsocket::RawSocket;

use crate::kit::{Ingress, github, impatient};

/// A request line, a Host, and these lines.
fn head(lines: &str) -> Vec<u8> {
    format!("POST /webhooks/open HTTP/1.1\r\nHost: h\r\n{lines}\r\n").into_bytes()
}

fn chunked(chunks: &str) -> Vec<u8> {
    [head("Transfer-Encoding: chunked\r\n").as_slice(), chunks.as_bytes()].concat()
}

#[tokio::test]
async fn what_is_no_request_is_answered_400_and_closed() {
    let ingress = Ingress::start().await;
    let many: String = (0..65).map(|n| format!("X-{n}: 1\r\n")).collect();
    let thick: String = (0..40).map(|n| format!("X-{n}: {}\r\n", "v".repeat(1_000))).collect();
    let long_extension = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(5_000));
    let rows: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("1 garbage", b"\x01\x02 garbage\r\n\r\n".to_vec(), &[400]),
        ("2 a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), &[400]),
        ("3 HTTP/0.9", b"GET /webhooks/open\r\n\r\n".to_vec(), &[400, 505]),
        ("3 HTTP/3.7", b"POST /webhooks/open HTTP/3.7\r\nHost: h\r\n\r\n".to_vec(), &[400, 505]),
        ("6 a head over 32 KiB", head(&thick), &[431]),
        ("6 a header over 8 KiB", head(&format!("X: {}\r\n", "v".repeat(9_000))), &[431]),
        ("7 more than 64 headers", head(&many), &[431]),
        ("8 a blank in a header's name", head("X Y: 1\r\n"), &[400]),
        ("8 no colon", head("XY\r\n"), &[400]),
        ("8 a folded line", head("X: 1\r\n 2\r\n"), &[400]),
        ("9 NUL in a value", head("X: a\0b\r\n"), &[400]),
        ("9 CR in a value", head("X: a\rb\r\n"), &[400]),
        ("9 bare LF", head("X: a\nY: b\r\n"), &[400]),
        ("10 two lengths", head("Content-Length: 2\r\nContent-Length: 3\r\n"), &[400]),
        ("11 +5", head("Content-Length: +5\r\n"), &[400]),
        ("11 5,5", head("Content-Length: 5,5\r\n"), &[400]),
        ("11 -1", head("Content-Length: -1\r\n"), &[400]),
        ("11 0x5", head("Content-Length: 0x5\r\n"), &[400]),
        ("11 2^64", head("Content-Length: 18446744073709551616\r\n"), &[400]),
        ("12 length, then chunked", head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), &[400]),
        ("12 chunked, then length", head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), &[400]),
        ("13 xchunked", head("Transfer-Encoding: xchunked\r\n"), &[400, 501]),
        ("13 chunked, identity", head("Transfer-Encoding: chunked, identity\r\n"), &[400, 501]),
        ("13 twice", head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), &[400, 501]),
        ("14 0x10", chunked("0x10\r\n"), &[400]),
        ("14 overflow", chunked("fffffffffffffffff\r\n"), &[400]),
        ("14 negative", chunked("-5\r\n"), &[400]),
        ("14 a long extension", chunked(&long_extension), &[400]),
        ("14 a chunk longer than it says", chunked("2\r\n{}{}\r\n"), &[400]),
        ("16 no Host", b"POST /webhooks/open HTTP/1.1\r\n\r\n".to_vec(), &[400]),
        ("16 two Hosts", head("Host: h\r\n"), &[400]),
        (
            "17 a long target",
            format!("POST /webhooks/{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(9_000)).into(),
            &[414],
        ),
        ("18 absolute form", b"POST http://h/webhooks/open HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), &[400, 404]),
        ("18 asterisk", b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), &[400, 404]),
    ];
    for (row, bytes, allowed) in rows {
        let mut socket = RawSocket::connect(ingress.address).await.unwrap();
        socket.send(&bytes).await;
        let status = socket.answer().await.unwrap().map_or(0, |answer| answer.status);
        assert!(allowed.contains(&status), "{row}: {status}");
        assert!(socket.is_closed().await, "{row}: still open");
    }
    assert_eq!(ingress.deliveries("open").len(), 1, "only the kit's own");
}

#[tokio::test]
async fn a_signature_in_the_trailers_is_none() {
    let ingress = Ingress::start().await;
    let signed = github().sample(1);
    let signature = signed.header("x-hub-signature-256").unwrap();
    let head =
        "POST /webhooks/gh HTTP/1.1\r\nHost: h\r\nX-GitHub-Event: pull_request\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("{:x}\r\n", signed.body.len());
    let end = format!("\r\n0\r\nX-Hub-Signature-256: {signature}\r\n\r\n");
    let bytes = [head.as_bytes(), chunk.as_bytes(), &signed.body, end.as_bytes()].concat();
    assert_eq!(ingress.status(bytes).await, 401);
}

#[tokio::test]
async fn who_says_nothing_or_half_a_head_is_cut_off() {
    let ingress = Ingress::start_with(impatient()).await;
    for (row, bytes) in [("4", &b"POST /webhooks/open HT"[..]), ("4", b"POST / HTTP/1.1\r\nHost: h\r\n"), ("5", b"")] {
        assert!([0, 408].contains(&ingress.status(bytes).await), "{row}");
    }
}

#[tokio::test]
async fn a_body_that_stalls_or_trickles_is_answered_408_and_closed() {
    let ingress = Ingress::start_with(impatient()).await;
    let mut stalled = RawSocket::connect(ingress.address).await.unwrap();
    stalled.send(&head("Content-Length: 10\r\n")).await;
    stalled.send(b"{").await;
    assert_eq!(stalled.answer().await.unwrap().unwrap().status, 408);
    assert!(stalled.is_closed().await);

    let mut slow = RawSocket::connect(ingress.address).await.unwrap();
    slow.send(&head("Content-Length: 10000\r\n")).await;
    let answer = {
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        loop {
            pace.tick().await;
            slow.send(b" ").await;
            if let Ok(answer) = tokio::time::timeout(Duration::from_millis(1), slow.answer()).await {
                break answer.unwrap().unwrap();
            }
        }
    };
    assert_eq!((answer.status, answer.json()["code"].as_str()), (408, Some("request_timeout")));
}

#[tokio::test]
async fn a_body_that_ends_early_stores_nothing() {
    let ingress = Ingress::start().await;
    let mut socket = RawSocket::connect(ingress.address).await.unwrap();
    socket.send(&head("Content-Length: 10\r\n")).await;
    socket.send(b"{}").await;
    socket.hang_up().unwrap();
    // The next request is answered, and the one before left nothing.
    assert_eq!(
        ingress
            .status(
                head("Content-Length: 2\r\nX-Delivery-Id: second\r\n").into_iter().chain(*b"{}").collect::<Vec<_>>()
            )
            .await,
        202
    );
    assert_eq!(ingress.deliveries("open").len(), 2);
}

#[tokio::test]
async fn requests_share_a_connection_whatever_their_answers() {
    let ingress = Ingress::start().await;
    let mut socket = RawSocket::connect(ingress.address).await.unwrap();
    let good = github().sample(3).to_bytes("/webhooks/gh");
    let bad = github().sample(4).with_header("x-hub-signature-256", "sha256=00").to_bytes("/webhooks/gh");
    for (bytes, status) in [(&good, 202), (&bad, 401), (&good, 200)] {
        socket.send(bytes).await;
        assert_eq!(socket.answer().await.unwrap().unwrap().status, status);
    }
    socket.send(&[good.clone(), bad].concat()).await;
    assert_eq!(socket.answer().await.unwrap().unwrap().status, 200, "pipelined");
    assert_eq!(socket.answer().await.unwrap().unwrap().status, 401, "pipelined");
}
