//! Rows 37–57: who is believed. (The schemes' own rules are proved in `hookwheel-sources`; here they meet the wire.)

use hookwheel_core::webhook::Auth;
use hookwheel_testkit::sender::{Sender, Signed};

use crate::kit::{Ingress, SECRET, github, post, seen};

async fn status(ingress: &Ingress, slug: &str, signed: &Signed) -> u16 {
    ingress.status(signed.to_bytes(&format!("/webhooks/{slug}"))).await
}

#[tokio::test]
async fn a_github_signature_is_right_or_401() {
    let ingress = Ingress::start().await;
    let signed = |seed| github().sample(seed);
    let signature = signed(1).header("x-hub-signature-256").unwrap().to_owned();
    let with = |value: &str| signed(1).with_header("x-hub-signature-256", value);
    let mut unsigned = signed(1);
    unsigned.headers.retain(|(name, _)| name != "x-hub-signature-256");
    let mut twice = signed(1);
    twice.headers.push(("x-hub-signature-256".into(), signature.clone()));
    let mut changed = signed(1);
    changed.body = [&changed.body[..changed.body.len() - 1], b" }"].concat().into();
    let mut reserialized = signed(1);
    let json: serde_json::Value = serde_json::from_slice(&reserialized.body).unwrap();
    reserialized.body = serde_json::to_vec_pretty(&json).unwrap().into();
    let other = Sender::new("github", "another secret").unwrap().sample(1);
    for (row, signed) in [
        ("37 missing", unsigned),
        ("38 twice", twice),
        ("39 sha1=", with(&signature.replace("sha256=", "sha1="))),
        ("39 v0=", with(&signature.replace("sha256=", "v0="))),
        ("40 no prefix", with(&signature[7..])),
        ("40 not hex", with("sha256=zz")),
        ("40 odd", with(&signature[..signature.len() - 1])),
        ("40 short", with(&signature[..signature.len() - 2])),
        ("40 empty", with("")),
        ("42 a changed byte", changed),
        ("43 the same JSON again", reserialized),
        ("a stranger", other),
    ] {
        let answer = ingress.raw(signed.to_bytes("/webhooks/gh")).await.unwrap();
        assert_eq!(answer.status, 401, "{row}");
        let json = answer.json();
        assert_eq!(
            (json["code"].as_str(), json["title"].as_str()),
            (Some("unauthorized"), Some("The request is not authenticated")),
            "{row}"
        );
        assert!(answer.body.len() < 400 && json.get("detail").is_none(), "{row} hints");
    }
    assert_eq!(ingress.deliveries("gh"), []);
    assert_eq!(
        status(&ingress, "gh", &with(&signature.to_ascii_uppercase().replace("SHA256", "sha256"))).await,
        202,
        "41"
    );
    assert_eq!(status(&ingress, "gh", &signed(1)).await, 200, "51 the same bytes again");
}

#[tokio::test]
async fn standard_webhooks_have_a_window_and_bounded_signatures() {
    let ingress = Ingress::start().await;
    let signed = |seed| Sender::new("standard_webhooks", SECRET).unwrap().sample(seed);
    let right = signed(1).header("webhook-signature").unwrap().to_owned();
    let with = |value: String| signed(1).with_header("webhook-signature", &value);
    for (row, request, expected) in [
        ("44 one of several", with(format!("v1,aGk= v2,abc {right}")), 202),
        ("45 ten thousand", with(format!("{} {right}", "v1,aGk= ".repeat(600))), 401),
        ("39 another version", with(right.replace("v1,", "v0,")), 401),
        ("47 no time", signed(2).with_header("webhook-timestamp", ""), 401),
        ("47 abc", signed(2).with_header("webhook-timestamp", "abc"), 401),
        ("47 1e9", signed(2).with_header("webhook-timestamp", "1e9"), 401),
        ("48 least", signed(2).with_header("webhook-timestamp", "-9223372036854775808"), 401),
        ("48 most", signed(2).with_header("webhook-timestamp", "9223372036854775807"), 401),
        ("another id", signed(2).with_header("webhook-id", "msg_other"), 401),
        ("51 again", signed(1), 200),
    ] {
        assert_eq!(status(&ingress, "sw", &request).await, expected, "{row}");
    }
}

#[tokio::test]
async fn tokens_are_exact_and_never_from_the_url() {
    let ingress = Ingress::start().await;
    let sent = async |slug: &str, line: &[u8]| {
        let head = post(&format!("/webhooks/{slug}"), "@\r\n", b"{}");
        let at = head.iter().position(|&b| b == b'@').unwrap();
        ingress.status([&head[..at], line, &head[at + 1..]].concat()).await
    };
    for (row, slug, line, expected) in [
        ("55 bearer", "bearer", format!("authorization: bearer {SECRET}"), 202),
        ("55 two blanks", "bearer", format!("authorization: Bearer  {SECRET}"), 401),
        ("basic", "bearer", format!("authorization: Basic {SECRET}"), 401),
        ("missing", "bearer", "x: y".to_owned(), 401),
        ("56 in the query", "bearer?access_token=whsec_Q2FuYXJ5", "x: y".to_owned(), 401),
        ("static", "static", format!("x-token: {SECRET}"), 202),
        ("static, shorter", "static", format!("x-token: {}", &SECRET[..20]), 401),
        ("static, longer", "static", format!("x-token: {SECRET}x"), 401),
    ] {
        assert_eq!(sent(slug, line.as_bytes()).await, expected, "{row}");
    }
    assert_eq!(sent("static", b"x-token: \xff\xfe\x80").await, 401, "57");
    assert_eq!(sent("bearer", b"authorization: Bearer \xc3\xa4").await, 401, "57");
}

#[tokio::test]
async fn an_hmac_in_a_header_of_ones_own() {
    let ingress = Ingress::start().await;
    let auth: Auth = ingress_hmac(&ingress);
    let sender = Sender::new("generic", SECRET).unwrap().with_auth(auth);
    assert_eq!(status(&ingress, "hmac", &sender.sample(1)).await, 202);
    assert_eq!(status(&ingress, "hmac", &sender.sample(2).with_header("x-signature", "00")).await, 401);
}

fn ingress_hmac(ingress: &Ingress) -> Auth {
    use hookwheel_core::webhook::{Encoding, Hash, HmacScheme};
    let scheme = HmacScheme::over_body("X-Signature", "", Encoding::Hex, Hash::Sha256);
    ingress.hook("hmac", "generic", Auth::Hmac(scheme)).auth
}

#[tokio::test]
async fn no_secret_and_no_body_is_ever_logged_or_stored_beside_its_place() {
    let ingress = Ingress::start().await;
    let body = br#"{"canary":"BodyThatIsNobodysBusiness"}"#;
    let lines = format!("x-token: {SECRET}\r\nauthorization: Bearer {SECRET}\r\ncookie: a={SECRET}\r\nx-kept: yes\r\n");
    assert_eq!(ingress.status(post("/webhooks/static", &lines, body)).await, 202);
    assert_eq!(ingress.status(post("/webhooks/static", &lines.replace("x-token", "x-other"), body)).await, 401);
    let delivery = ingress.deliveries("static").remove(0);
    let names: Vec<_> = delivery.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["host", "content-length", "x-kept"]);
    let logged = seen();
    assert!(logged.contains("receive webhook"), "the log is captured");
    assert!(!logged.contains("Q2FuYXJ5U2VjcmV0") && !logged.contains("BodyThatIsNobodysBusiness"));
    for record in ingress.log.under("hw.") {
        assert!(!String::from_utf8_lossy(&record.payload).contains("Q2FuYXJ5U2VjcmV0"));
    }
}
