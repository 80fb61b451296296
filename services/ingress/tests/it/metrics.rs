//! Every request ends in exactly one counted way, under labels from closed sets.

use hookwheel_core::webhook::Auth;
use hookwheel_testkit::rawsocket::RawSocket;

use crate::kit::{Ingress, github, impatient, post, scrape};

/// The value of a series; 0 when it is not there.
fn value(name: &str, labels: &[(&str, &str)]) -> f64 {
    let page = scrape();
    let is_it = |line: &&str| {
        line.starts_with(&format!("{name}{{")) && labels.iter().all(|(n, v)| line.contains(&format!("{n}=\"{v}\"")))
    };
    page.lines().find(is_it).map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn deliveries_duplicates_and_rejections_are_counted_by_webhook() {
    let ingress = Ingress::start().await;
    ingress.configure(&ingress.hook("metered", "github", Auth::GithubHmacSha256));
    let path = "/webhooks/metered";
    ingress.until(async || ingress.status(post(path, "", b"{}")).await == 401).await;
    let rejected = |reason| {
        value("webhooks_deliveries_rejected_total", &[("webhook", "metered"), ("source", "github"), ("reason", reason)])
    };
    assert_eq!(rejected("signature_missing"), 1.0);
    for status in [202, 200, 200] {
        assert_eq!(github().sample(1).post(ingress.address, path).await.unwrap().status, status);
    }
    let stranger = github().sample(2).with_header("x-hub-signature-256", "sha256=00");
    let too_large = post(path, "", &vec![b' '; (1 << 20) + 1]);
    let compressed = post(path, "Content-Encoding: gzip\r\n", b"{}");
    let empty = github().sign(vec![("x-github-event".into(), "ping".into())], "");
    for (bytes, status) in
        [(stranger.to_bytes(path), 401), (too_large, 413), (compressed, 415), (empty.to_bytes(path), 400)]
    {
        assert_eq!(ingress.status(bytes).await, status);
    }
    for reason in ["signature_invalid", "body_too_large", "bad_content_type", "malformed"] {
        assert_eq!(rejected(reason), 1.0, "{reason}");
    }
    let total = |status| value("webhooks_deliveries_total", &[("webhook", "metered"), ("status", status)]);
    assert_eq!((total("deduplicated"), total("rejected")), (2.0, 5.0));
    assert!(value("hookwheel_ingress_last_delivery_timestamp_seconds", &[("webhook", "metered")]) > 1.6e9);
    assert!(value("hookwheel_ingress_requests_total", &[("source", "github"), ("code", "202")]) >= 1.0);
}

#[tokio::test]
async fn requests_that_never_end_are_counted_too() {
    let ingress = Ingress::start_with(impatient()).await;
    let unknown = |code| value("hookwheel_ingress_requests_total", &[("source", "unknown"), ("code", code)]);
    let (aborted, cut_off) = (unknown("aborted"), unknown("408"));
    let mut socket = RawSocket::connect(ingress.address).await.unwrap();
    socket.send(b"POST /webhooks/open HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{").await;
    socket.hang_up().unwrap();
    ingress.until(async || unknown("aborted") > aborted).await;
    assert_eq!(ingress.status(b"POST /").await, 0);
    assert!(unknown("408") > cut_off);
}
