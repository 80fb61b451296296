//! The API's answers.

use bytes::Bytes;
use hookwheel_core::delivery::Body;
use hookwheel_log::Blobs;
use hookwheel_proto::{record, topology};
use serde_json::json;

use crate::fold::snapshot;
use crate::kit::{Projector, Wheel, at, delivery, http, tell};

async fn told(stories: u32) -> (Wheel, Projector) {
    let wheel = Wheel::new().await;
    for n in 1..=stories {
        tell(&wheel, n).await;
    }
    let projector = wheel.start().await;
    wheel.until_folded(&*wheel.store).await;
    (wheel, projector)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_without_skips_or_repeats() {
    let (_wheel, projector) = told(5).await;
    let mut seen = vec![];
    let mut target = "/api/v1/deliveries?limit=2".to_owned();
    loop {
        let page = http(projector.address, "GET", &target, "").await.json();
        assert_eq!((&page["limit"], &page["total"], &page["total_is_exact"]), (&json!(2), &json!(5), &json!(true)));
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        target = format!("/api/v1/deliveries?limit=2&cursor={cursor}");
    }
    let newest_first: Vec<String> = (1..=5).rev().map(|n| delivery(n).delivery.to_string()).collect();
    assert_eq!(seen, newest_first);
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_lists() {
    let (wheel, projector) = told(4).await;
    let config = wheel.log.bucket(topology::CONFIG).await.unwrap();
    let snapshot = snapshot("repo-bot");
    config.put(&topology::webhook_key(&snapshot.webhook.id), snapshot.to_bytes().into(), None).await.unwrap();
    crate::kit::until("the webhook is listed", async || !wheel.store.webhooks().await.unwrap().is_empty()).await;

    let (since, id) = (at(3).to_string(), delivery(2).delivery.to_string());
    for (target, total) in [
        ("deliveries?state=completed", 3),
        ("deliveries?state=failed", 1),
        ("deliveries?source=GitHub", 0),
        ("deliveries?event_type=issues.opened&entity=github:o/r:issue:2", 1),
        ("deliveries?webhook=repo-bot", 4),
        ("deliveries?webhook=unknown-slug", 0),
        (&format!("deliveries?since={since}"), 2),
        (&format!("deliveries?until={since}"), 2),
        ("runs?agent=triager", 4),
        (&format!("runs?delivery={id}"), 1),
        ("runs?state=running", 0),
        ("runs?webhook=wh_0123456789abcdefgh", 4),
        ("notices", 4),
        ("notices?webhook=repo-bot&limit=3", 3),
        ("notices?kind=rejected", 2),
        ("notices?kind=handshake&webhook=repo-bot", 0),
        ("webhooks", 1),
    ] {
        let answer = http(projector.address, "GET", &format!("/api/v1/{target}"), "").await;
        assert_eq!((answer.status, &answer.json()["total"]), (200, &json!(total)), "{target}: {}", answer.text());
    }
    let by_slug = http(projector.address, "GET", "/api/v1/webhooks/repo-bot", "").await.json();
    assert_eq!((&by_slug["deliveries"], &by_slug["last_delivery_at"]), (&json!(4), &json!(at(4).to_string())));
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn details_tell_the_whole_story() {
    let (_wheel, projector) = told(1).await;
    let first = delivery(1);
    let detail = http(projector.address, "GET", &format!("/api/v1/deliveries/{}", first.delivery), "").await.json();
    assert_eq!(detail["received_at"], at(1).to_string());
    assert_eq!((&detail["state"], &detail["scheme"]), (&json!("completed"), &json!("github_hmac_sha256")));
    assert_eq!(detail["headers"][1], json!({"name": "x-odd", "value": "\\xff<"}));
    assert_eq!(detail["event"]["summary"][0], json!(["title", "odd \u{0}\u{202e} title"]));
    let run = detail["run_rows"][0]["id"].as_str().unwrap();

    let run = http(projector.address, "GET", &format!("/api/v1/runs/{run}"), "").await.json();
    assert_eq!((&run["scripted"], &run["turns"], &run["tool_calls"]), (&json!(true), &json!(2), &json!(1)));
    let steps: Vec<_> = run["steps"].as_array().unwrap().iter().map(|step| step["key"].as_str().unwrap()).collect();
    assert_eq!(steps, ["t1", "t1.0", "t2"]);
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_comes_back_byte_for_byte_from_the_table_or_from_its_blob() {
    let (wheel, projector) = told(1).await;
    let big = Bytes::from(vec![b'<'; 700 * 1024]);
    let blob = Blobs::new(wheel.log.clone()).put(big.clone()).await.unwrap();
    let mut second = delivery(2);
    second.body = Body::Blob { sha256: blob.as_str().into(), size: big.len() as u64 };
    wheel.append(record::delivery_received(&second)).await;
    let mut third = delivery(3);
    third.body = Body::Blob { sha256: "0".repeat(64), size: 7 };
    wheel.append(record::delivery_received(&third)).await;
    wheel.until_folded(&*wheel.store).await;

    let body = async |n| {
        let target = format!("/api/v1/deliveries/{}/body", delivery(n).delivery);
        http(projector.address, "GET", &target, "").await
    };
    let inline = body(1).await;
    assert_eq!(inline.body, b"{\"n\":1}");
    assert_eq!(inline.header("content-type"), Some("application/octet-stream"));
    assert_eq!(inline.header("x-content-type-options"), Some("nosniff"));
    assert!(inline.header("content-security-policy").unwrap().contains("sandbox"));
    assert!(body(2).await.body == big);
    let gone = body(3).await;
    assert_eq!((gone.status, &gone.json()["code"]), (404, &json!("not_found")));
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_get_problems() {
    let (_wheel, projector) = told(1).await;
    let unknown = format!("/api/v1/deliveries/dlv_{}", "0".repeat(32));
    for (method, target, status, code) in [
        ("GET", "/api/v1/deliveries?limit=0", 400, "invalid_query"),
        ("GET", "/api/v1/deliveries?nope=1", 400, "invalid_query"),
        ("GET", "/api/v1/deliveries?cursor=nonsense", 400, "invalid_query"),
        ("GET", "/api/v1/runs?state=asleep", 400, "invalid_query"),
        ("GET", "/api/v1/runs?since=now", 400, "invalid_query"),
        ("GET", "/api/v1/webhooks?limit=3", 400, "invalid_query"),
        ("GET", &unknown, 404, "not_found"),
        ("GET", "/api/v1/deliveries/..%2f..%2fetc", 404, "not_found"),
        ("GET", "/api/v1/runs/run_1", 404, "not_found"),
        ("GET", "/api/v1/webhooks/none", 404, "not_found"),
        ("GET", "/api/v2/deliveries", 404, "not_found"),
        ("POST", "/api/v1/deliveries", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/runs/run_1", 405, "method_not_allowed"),
    ] {
        let answer = http(projector.address, method, target, "X-Request-Id: req-7\r\n").await;
        assert_eq!(answer.status, status, "{method} {target}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{target}");
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{target}");
        assert_eq!(problem["type"], format!("/problems/{code}"), "{target}");
        assert_eq!((&problem["status"], &problem["instance"]), (&json!(status), &json!("req-7")), "{target}");
        if status == 405 {
            assert!(answer.header("allow").unwrap().contains("GET"), "{target}");
        }
    }
    let both = http(projector.address, "GET", "/api/v1/runs?limit=x&nope=1", "").await.json();
    let pointers: Vec<_> = both["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/query/limit", "/query/nope"]);
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_kept_if_it_is_sound_and_replaced_if_not() {
    let (_wheel, projector) = told(0).await;
    let id = async |given: &str| {
        let header = if given.is_empty() { String::new() } else { format!("X-Request-Id: {given}\r\n") };
        let answer = http(projector.address, "GET", "/api/v1/runs", &header).await;
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(id("abc.DEF_1-2").await, "abc.DEF_1-2");
    for unsound in ["", "a b", "<x>", &"a".repeat(65)] {
        assert_eq!(id(unsound).await.len(), 36, "{unsound:?}");
    }
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_came_and_nothing_of_it_runs() {
    let (wheel, projector) = told(1).await;
    let mut odd = delivery(2);
    odd.source = "<script>alert(1)</script>".into();
    wheel.append(record::delivery_received(&odd)).await;
    wheel.until_folded(&*wheel.store).await;

    let page = http(projector.address, "GET", "/", "").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let html = page.text();
    assert!(html.contains(&format!("/api/v1/deliveries/{}", odd.delivery)) && html.contains("issues.opened"));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !html.contains("<script"), "{html}");
    assert_eq!(http(projector.address, "GET", "/style.css", "").await.status, 200);
    assert!(http(projector.address, "HEAD", "/", "").await.body.is_empty());
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_route_and_never_by_path() {
    let metrics = hookwheel_runtime::metrics::install(hookwheel_runtime::metrics::PROJECTOR).unwrap();
    let (_wheel, projector) = told(1).await;
    http(projector.address, "GET", &format!("/api/v1/deliveries/{}", delivery(1).delivery), "").await;
    http(projector.address, "BREW", "/somewhere/else", "").await;
    let text = metrics.render();
    let counted = |route: &str, method: &str, code: u16| {
        let labels = format!("{{route=\"{route}\",method=\"{method}\",code=\"{code}\"}}");
        text.contains(&format!("hookwheel_http_requests_total{labels}"))
    };
    assert!(counted("/api/v1/deliveries/{id}", "GET", 200), "{text}");
    assert!(counted("unmatched", "other", 404), "{text}");
    assert!(!text.contains("dlv_") && text.contains("hookwheel_projector_freshness_seconds_count"), "{text}");
    projector.stop().await;
}
