//! Rows 34, 35, 36, 52, 59, 81 and 82, and quiet webhooks: who may come in, how often, and what they hear.

use hookwheel_core::filter::EventFilter;
use hookwheel_core::ids::AgentName;
use hookwheel_core::limit::{Limits, OnLimit};
use hookwheel_core::webhook::{Action, Auth, Gate, Route, SessionMode, Webhook};
use hookwheel_ingress::Options;
use hookwheel_testkit::sender::Signed;

use crate::kit::{Ingress, github, impatient, post, scrape};
use crate::log::Mood;

/// An ingress with one more webhook, of the profile `github`.
async fn with(options: Options, gate: Gate) -> (Ingress, Webhook) {
    let ingress = Ingress::start_with(options).await;
    let mut hook = ingress.hook("gated", "github", Auth::GithubHmacSha256);
    (hook.gate, hook.routes) = (gate, vec![route()]);
    ingress.configure(&hook);
    ingress.until(async || ingress.status(post("/webhooks/gated", "", b"{}")).await != 404).await;
    (ingress, hook)
}

fn route() -> Route {
    Route {
        name: "r".into(),
        events: EventFilter::default(),
        action: Action::Agent(AgentName::parse("a").unwrap()),
        session: SessionMode::PerEntity,
        prompt_suffix: None,
    }
}

fn patient() -> Options {
    Options { head_timeout: std::time::Duration::from_secs(20), ..impatient() }
}

fn from(ranges: &[&str]) -> Gate {
    Gate { allow_from: ranges.iter().map(|range| range.parse().unwrap()).collect(), ..Gate::default() }
}

fn rejecting(limit: u32) -> Gate {
    Gate { limits: Limits { webhook: Some(limit), global: None, on_limit: OnLimit::Reject }, ..Gate::default() }
}

/// A delivery that no filter lets through.
fn ping(n: usize) -> Signed {
    let headers = vec![("x-github-event".into(), "ping".into()), ("x-github-delivery".into(), format!("ping-{n}"))];
    github().sign(headers, &br#"{"zen":"z","hook_id":1}"#[..])
}

async fn status(ingress: &Ingress, signed: &Signed) -> u16 {
    ingress.status(signed.to_bytes("/webhooks/gated")).await
}

#[tokio::test]
async fn row_34_an_address_that_is_not_allowed_hears_403() {
    let (ingress, mut hook) = with(patient(), from(&["10.0.0.0/8", "2001:db8::/32"])).await;
    let refused = ingress.raw(github().sample(1).to_bytes("/webhooks/gated")).await.unwrap();
    assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("forbidden")));
    assert_eq!(ingress.deliveries("gated"), []);
    hook.gate = from(&["127.0.0.0/8"]);
    ingress.configure(&hook);
    ingress.until(async || status(&ingress, &github().sample(1)).await != 403).await;
    assert_eq!(ingress.deliveries("gated").len(), 1);
}

#[tokio::test]
async fn row_35_a_forwarded_address_is_believed_from_trusted_proxies_only() {
    let claim = |value: &str| github().sample(1).with_header("x-forwarded-for", value);
    let (ingress, _) = with(patient(), from(&["192.0.2.0/24"])).await;
    assert_eq!(status(&ingress, &claim("192.0.2.1")).await, 403, "nobody is trusted");

    let options = Options { trusted_proxies: vec!["127.0.0.1".parse().unwrap()], ..patient() };
    let (ingress, _) = with(options, from(&["192.0.2.0/24"])).await;
    assert_eq!(status(&ingress, &claim("192.0.2.1, 203.0.113.9")).await, 403, "the left one is the sender's own word");
    assert_eq!(status(&ingress, &claim("203.0.113.9, 192.0.2.1")).await, 202);
    assert_eq!(ingress.deliveries("gated")[0].peer, "192.0.2.1");
}

#[tokio::test]
async fn row_36_a_v4_peer_in_v6_clothes_is_matched_as_v4() {
    let options = Options { listen: "[::]:0".parse().unwrap(), ..patient() };
    let ingress = Ingress::start_with(options).await;
    let mut hook = ingress.hook("gated", "github", Auth::GithubHmacSha256);
    hook.gate = from(&["127.0.0.0/8"]);
    ingress.configure(&hook);
    let mapped = std::net::SocketAddr::from(([127, 0, 0, 1], ingress.address.port()));
    ingress.until(async || github().sample(1).post(mapped, "/webhooks/gated").await.unwrap().status != 404).await;
    assert_eq!(ingress.deliveries("gated")[0].peer, "127.0.0.1");
}

#[tokio::test]
async fn row_52_a_body_that_came_before_under_another_id_is_a_repeat() {
    let (ingress, _) = with(patient(), Gate { replay_guard: true, ..Gate::default() }).await;
    let first = github().sample(1);
    let accepted = ingress.raw(first.to_bytes("/webhooks/gated")).await.unwrap().json();
    let forged = first.clone().with_header("x-github-delivery", "another-id");
    let answer = ingress.raw(forged.to_bytes("/webhooks/gated")).await.unwrap();
    assert_eq!(answer.status, 200);
    let wanted =
        serde_json::json!({"status": "deduplicated", "reason": "body", "delivery_id": accepted["delivery_id"]});
    assert_eq!(answer.json(), wanted);
    assert_eq!(status(&ingress, &first).await, 200, "the same id again");
    assert_eq!(status(&ingress, &github().sample(2)).await, 202, "another body");
    assert_eq!(ingress.deliveries("gated").len(), 2);
}

#[tokio::test]
async fn a_body_whose_first_delivery_was_never_stored_is_not_lost() {
    let (ingress, _) = with(patient(), Gate { replay_guard: true, ..Gate::default() }).await;
    ingress.log.set(Mood::Away);
    assert_eq!(status(&ingress, &github().sample(1)).await, 503);
    ingress.log.set(Mood::Well);
    let other = github().sample(1).with_header("x-github-delivery", "another-id");
    assert_eq!(status(&ingress, &other).await, 503, "the first may still be on its way");
    assert_eq!(status(&ingress, &github().sample(1)).await, 202, "its sender tries again");
    assert_eq!(status(&ingress, &other).await, 200);
}

#[tokio::test]
async fn row_59_a_source_that_fails_and_fails_is_slowed_down_and_whoever_was_believed_is_not() {
    let (ingress, _) = with(Options { flood_failures: 20, ..patient() }, Gate::default()).await;
    let wrong = |n: u64| github().sample(n).with_header("x-hub-signature-256", &format!("sha256={}", "0".repeat(64)));
    let mut answers = Vec::new();
    for n in 0..40 {
        answers.push(ingress.raw(wrong(n).to_bytes("/webhooks/gh")).await.unwrap());
    }
    let flooded: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(flooded.len() >= 19 && flooded.len() < 40, "{} of 40", flooded.len());
    assert!(answers.iter().all(|answer| answer.status == 401 || answer.status == 429));
    let last = answers.last().unwrap();
    assert_eq!((last.header("retry-after"), last.json()["code"].as_str()), (Some("10"), Some("rate_limited")));
    for n in 0..40 {
        assert_eq!(ingress.status(github().sample(n).to_bytes("/webhooks/gh")).await, 202, "a right one");
        assert_eq!(ingress.status(wrong(n).to_bytes("/webhooks/gh")).await, 429, "a wrong one");
    }
}

#[tokio::test]
async fn row_81_over_the_limit_a_sender_is_told_to_come_back_and_nothing_is_stored() {
    let (ingress, _) = with(patient(), rejecting(3)).await;
    for n in 0..3 {
        assert_eq!(status(&ingress, &github().sample(n)).await, 202);
    }
    let refused = ingress.raw(github().sample(3).to_bytes("/webhooks/gated")).await.unwrap();
    assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("rate_limited")));
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=64).contains(&wait), "{wait}");
    assert_eq!(ingress.deliveries("gated").len(), 3);
    assert!(scrape().contains(r#"webhooks_rate_limited_total{webhook="gated",scope="webhook"}"#));
}

#[tokio::test]
async fn row_82_repeats_and_filtered_ones_use_up_nothing_and_are_taken_over_the_limit() {
    let (ingress, _) = with(patient(), rejecting(2)).await;
    for n in 0..5 {
        let answer = ingress.raw(ping(n).to_bytes("/webhooks/gated")).await.unwrap();
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("filtered")));
    }
    assert_eq!(status(&ingress, &github().sample(1)).await, 202);
    for _ in 0..5 {
        assert_eq!(status(&ingress, &github().sample(1)).await, 200, "a repeat gives its token back");
    }
    assert_eq!(status(&ingress, &github().sample(2)).await, 202, "the second and last token");
    assert_eq!(status(&ingress, &github().sample(3)).await, 429);
    let repeat = ingress.raw(github().sample(1).to_bytes("/webhooks/gated")).await.unwrap();
    assert_eq!((repeat.status, repeat.json()["status"].as_str()), (200, Some("deduplicated")));
    assert_eq!(status(&ingress, &ping(9)).await, 200);
    assert_eq!(ingress.deliveries("gated").len(), 8, "two that start runs, six filtered");
}

#[tokio::test]
async fn a_webhook_that_defers_sends_nobody_away() {
    let gate =
        Gate { limits: Limits { webhook: Some(1), global: Some(1), on_limit: OnLimit::Defer }, ..Gate::default() };
    let (ingress, _) = with(patient(), gate).await;
    for n in 0..10 {
        assert_eq!(status(&ingress, &github().sample(n)).await, 202);
    }
}

#[tokio::test]
async fn a_quiet_webhook_says_ok_to_all_but_our_own_faults() {
    let gate = Gate { quiet: true, ..rejecting(1) };
    let (ingress, mut hook) = with(patient(), gate).await;
    let ok = async |bytes: Vec<u8>| {
        let answer = ingress.raw(bytes).await.unwrap();
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    let quiet = (200, r#"{"ok":true}"#.to_owned());
    let wrong = github().sample(7).with_header("x-hub-signature-256", "sha256=00");
    let over_size = format!("POST /webhooks/gated HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n", 1_u64 << 40);
    for (what, bytes) in [
        ("taken", github().sample(1).to_bytes("/webhooks/gated")),
        ("a repeat", github().sample(1).to_bytes("/webhooks/gated")),
        ("over the limit", github().sample(2).to_bytes("/webhooks/gated")),
        ("forged", wrong.to_bytes("/webhooks/gated")),
        ("too large", over_size.into_bytes()),
    ] {
        assert_eq!(ok(bytes).await, quiet, "{what}");
    }
    assert_eq!(ingress.deliveries("gated").len(), 1);
    ingress.log.set(Mood::Away);
    assert_eq!(ok(ping(1).to_bytes("/webhooks/gated")).await.0, 503);
    ingress.log.set(Mood::Well);
    hook.enabled = false;
    ingress.configure(&hook);
    ingress.until(async || status(&ingress, &ping(2)).await == 404).await;
}
