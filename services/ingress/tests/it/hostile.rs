//! Rows 44–50 and 68–80, where a sender knows the secret or almost does: windows, floods of parts, JSON of every kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hookwheel_core::Timestamp;
use hookwheel_core::delivery::Body;
use hookwheel_core::webhook::Auth;
use hookwheel_ingress::{Clock, Options};
use hookwheel_sources::{Headers, Request, sign};
use hookwheel_testkit::rawsocket::Answer;
use hookwheel_testkit::sender::Sender;

use crate::kit::{Ingress, SECRET, github, impatient, post, seen};

const NOW: i64 = 1_761_100_033;

/// A webhook of this source and its own scheme, at an ingress whose clock says [`NOW`].
async fn at(source: &str) -> Ingress {
    let now = Arc::new(AtomicI64::new(NOW));
    let clock = Clock::saying(move || Timestamp::from_secs(now.load(Ordering::Relaxed)));
    let ingress = Ingress::start_with(Options { clock, ..impatient() }).await;
    let auth = hookwheel_sources::source(source).unwrap().default_auth();
    ingress.configure(&ingress.hook(source, source, auth));
    let path = format!("/webhooks/{source}");
    ingress.until(async || ingress.status(post(&path, "", b"{}")).await == 401).await;
    ingress
}

/// What the source's sender would sign at this time.
fn proof(source: &str, body: &[u8], time: i64) -> Vec<(String, String)> {
    let auth = hookwheel_sources::source(source).unwrap().default_auth();
    let headers = Headers::default();
    let request = Request { method: "POST", url: "", headers: &headers, body };
    sign(&auth, SECRET.as_bytes(), &request, Timestamp::from_secs(time))
}

fn lines(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

#[tokio::test]
async fn a_signed_time_is_near_ours_on_both_sides() {
    let ingress = at("slack").await;
    let status = async |n: u8, headers: &[(String, String)]| {
        let body = format!(r#"{{"type":"event_callback","event_id":"Ev{n}"}}"#);
        let bytes = post("/webhooks/slack", &lines(headers), body.as_bytes());
        ingress.status(bytes).await
    };
    let signed =
        |n: u8, time| proof("slack", format!(r#"{{"type":"event_callback","event_id":"Ev{n}"}}"#).as_bytes(), time);
    for (n, apart, expected) in [(1, -301, 401), (2, -299, 202), (3, 301, 401), (4, 299, 202)] {
        assert_eq!(status(n, &signed(n, NOW + apart)).await, expected, "49, 50: {apart} s");
    }
    let at_place = |n, value: &str| {
        let mut headers = signed(n, NOW);
        headers.iter_mut().find(|(name, _)| name == "x-slack-request-timestamp").unwrap().1 = value.to_owned();
        headers
    };
    for time in [
        "",
        "abc",
        "1e9",
        "1761100033.0",
        "+1761100033",
        "9223372036854775807",
        "-9223372036854775808",
        "1761100033000",
    ] {
        assert_eq!(status(5, &at_place(5, time)).await, 401, "47, 48: {time:?}");
    }
    let mut twice = signed(5, NOW);
    twice.push(("x-slack-request-timestamp".into(), NOW.to_string()));
    assert_eq!(status(5, &twice).await, 401, "47 twice");
    let none: Vec<_> = signed(5, NOW).into_iter().filter(|(name, _)| !name.ends_with("timestamp")).collect();
    assert_eq!(status(5, &none).await, 401, "47 missing");
    assert_eq!(status(5, &signed(5, NOW)).await, 202);
}

#[tokio::test]
async fn a_list_of_signatures_is_read_to_its_bound_and_no_further() {
    let ingress = at("stripe").await;
    let body = |n: u32| format!(r#"{{"id":"evt_{n}","object":"event","type":"ping"}}"#).into_bytes();
    let right = |n| proof("stripe", &body(n), NOW)[0].1.clone();
    let wrong = |count: usize| "v1=00,".repeat(count);
    let (of_header, of_head) = (1_300, 10_000);
    for (n, row, value, expected) in [
        (1, "44 one of several is right", format!("t={NOW},v1=00,v1=ff,{}", &right(1)[13..]), 202),
        (2, "45 as many as a header holds", format!("{}{}", wrong(of_header), right(2)), 401),
        (3, "45 ten thousand are over a header's limit", format!("{}{}", wrong(of_head), right(3)), 431),
        (4, "46 unknown parts and blanks", format!(" t={NOW}, foo=bar , v0=00,bare, {} ", &right(4)[13..]), 202),
        (5, "46 two times", format!("t={NOW},{}", right(5)), 401),
        (6, "39 only an old version", right(6).replace("v1=", "v0="), 401),
    ] {
        let bytes = post("/webhooks/stripe", &format!("Stripe-Signature: {value}\r\n"), &body(n));
        assert_eq!(ingress.status(bytes).await, expected, "{row}");
    }
}

/// A genuine push that says this besides.
async fn pushed(ingress: &Ingress, slug: &str, id: &str, besides: &[u8]) -> Answer {
    let body = [br#"{"zen":"z","hook_id":1,"x":"#.as_slice(), besides, b"}"].concat();
    let headers = vec![("x-github-event".into(), "ping".into()), ("x-github-delivery".into(), id.to_owned())];
    ingress.raw(github().sign(headers, body).to_bytes(&format!("/webhooks/{slug}"))).await.unwrap()
}

#[tokio::test]
async fn what_is_nearly_json_is_none() {
    let ingress = Ingress::start().await;
    for besides in
        ["[1,]", "1/*c*/", "1//c\n", "Infinity", "-Infinity", "'x'", "+1", "01", ".5", "1.", "\"\t\"", "tru", "{x:1}"]
    {
        let answer = pushed(&ingress, "gh", "nearly", besides.as_bytes()).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("invalid_json")), "68 {besides}");
    }
}

#[tokio::test]
async fn numbers_stay_the_text_they_are() {
    let ingress = Ingress::start().await;
    let digits = "7".repeat(1_000);
    for (n, number) in ["1e400", "9223372036854775808", "-0", "1.50", digits.as_str()].into_iter().enumerate() {
        assert_eq!(pushed(&ingress, "gh", &format!("number-{n}"), number.as_bytes()).await.status, 202, "72 {number}");
        let Body::Inline(kept) = ingress.deliveries("gh").pop().unwrap().body else { panic!("a small body") };
        assert!(String::from_utf8_lossy(&kept).contains(number), "72 {number}");
    }
}

#[tokio::test]
async fn any_value_is_a_generic_delivery_and_only_an_object_a_providers() {
    let ingress = Ingress::start().await;
    for (n, body) in ["[1]", "\"text\"", "7", "null", "true"].into_iter().enumerate() {
        let generic = post("/webhooks/open", &format!("X-Delivery-Id: top-{n}\r\n"), body.as_bytes());
        assert_eq!(ingress.status(generic).await, 202, "73 {body}");
        let headers = vec![("x-github-event".into(), "ping".into()), ("x-github-delivery".into(), format!("top-{n}"))];
        let answer = ingress.raw(github().sign(headers, body.to_owned()).to_bytes("/webhooks/gh")).await.unwrap();
        assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("unexpected_shape")), "73 {body}");
    }
}

#[tokio::test]
async fn a_million_keys_are_read_in_one_pass() {
    let ingress = Ingress::start().await;
    let distinct: String = (0..1_000_000).map(|n| format!(r#","k{n}":0"#)).collect();
    let body = format!(r#"{{"zen":"z","hook_id":1{distinct}}}"#);
    let headers = vec![("x-github-event".into(), "ping".into()), ("x-github-delivery".into(), "keys".into())];
    let answer = ingress.raw(github().sign(headers, body).to_bytes("/webhooks/large")).await.unwrap();
    assert_eq!(answer.status, 202, "74");
}

#[tokio::test]
async fn strings_may_hold_anything_and_none_of_it_is_logged() {
    let ingress = Ingress::start().await;
    let odd = [r#""a\u0000b""#, r#""\u001b[31mcanary-esc""#, r#""canary\r\nforged line""#, "\"\u{202e}canary-bidi\""];
    for (n, text) in odd.into_iter().enumerate() {
        assert_eq!(pushed(&ingress, "gh", &format!("odd-{n}"), text.as_bytes()).await.status, 202, "75, 76 {text}");
    }
    let id = "id\u{202e}canary-in-id";
    assert_eq!(pushed(&ingress, "gh", id, b"0").await.status, 202, "76 in a header");
    assert_eq!(ingress.deliveries("gh").pop().unwrap().key.text, id);
    assert!(!seen().contains("canary-"), "76");
}

#[tokio::test]
async fn unknown_events_and_odd_ids_are_deliveries_too() {
    let ingress = Ingress::start().await;
    let send = async |event: &str, id: &str| {
        let headers = vec![("x-github-event".into(), event.into()), ("x-github-delivery".into(), id.to_owned())];
        ingress
            .raw(github().sign(headers, r#"{"action":"of tomorrow"}"#).to_bytes("/webhooks/gh"))
            .await
            .unwrap()
            .status
    };
    assert_eq!(send("an_event_of_tomorrow", "one").await, 202, "78");
    assert_eq!(send("an_event_of_tomorrow", &"x".repeat(10_000)).await, 431, "79 over a header's limit");
    assert_eq!(send("an_event_of_tomorrow", &"x".repeat(8_000)).await, 400, "79 over an id's limit");
    assert_eq!(send("an_event_of_tomorrow", "a\tb").await, 202, "79 a control character: the body is the key");
    assert!(ingress.deliveries("gh").pop().unwrap().key.text.starts_with("sha256:"), "79");
}

#[tokio::test]
async fn a_challenge_is_repeated_as_text_to_who_can_sign() {
    let ingress = at("slack").await;
    let body = br#"{"token":"t","challenge":"<script>3eZbrw</script>","type":"url_verification"}"#;
    for again in 0..2 {
        let answer = ingress.raw(post("/webhooks/slack", &lines(&proof("slack", body, NOW)), body)).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"<script>3eZbrw</script>".as_slice()), "80 {again}");
        assert_eq!(answer.header("content-type"), Some("text/plain"), "80");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "80");
    }
    assert_eq!(ingress.deliveries("slack").len(), 1, "80 it is a delivery, once");
    let unsigned = ingress.raw(post("/webhooks/slack", "", body)).await.unwrap();
    assert_eq!((unsigned.status, unsigned.json()["code"].as_str()), (401, Some("unauthorized")), "80");
    let long = format!(r#"{{"challenge":"{}","type":"url_verification"}}"#, "c".repeat(1_025)).into_bytes();
    let answer = ingress.raw(post("/webhooks/slack", &lines(&proof("slack", &long, NOW)), &long)).await.unwrap();
    assert_eq!(
        (answer.status, answer.json()["status"].as_str()),
        (202, Some("accepted")),
        "80 over 1 KiB: not repeated"
    );
}

#[tokio::test]
async fn greetings_of_strangers_are_bounded_and_reveal_no_other_webhook() {
    let ingress = at("dropbox").await;
    let get = |name: &str| format!("GET /webhooks/{name}?challenge=abc HTTP/1.1\r\nHost: h\r\n\r\n").into_bytes();
    let mut answered = 0;
    for _ in 0..60 {
        match ingress.status(get("dropbox")).await {
            200 => answered += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!(answered, 20, "the clock stands still");
    for other in ["gh", "off", "nobody"] {
        assert_eq!(ingress.status(get(other)).await, 405, "{other}");
    }
    ingress.until(async || !ingress.log.under("hw.notice.").is_empty()).await;
    let sender = Sender::new("dropbox", SECRET).unwrap().with_auth(Auth::scheme("dropbox"));
    assert_eq!(sender.sample(1).post(ingress.address, "/webhooks/dropbox").await.unwrap().status, 202);
}
