//! Rows 60–71, 73, 77, 79: believed requests that are a delivery, and those that are none.

use hookwheel_core::delivery::Body;

use crate::kit::{Ingress, github};

fn headers(event: &str, id: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut headers =
        vec![("x-github-event".to_owned(), event.to_owned()), ("x-github-delivery".to_owned(), id.to_owned())];
    headers.extend(more.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    headers
}

/// Name, body, more headers, status, code.
type Row<'a> = (&'a str, &'a [u8], &'a [(&'a str, &'a str)], u16, &'a str);

const PING: &[u8] = br#"{"zen":"z","hook_id":1}"#;

#[tokio::test]
async fn a_body_means_something_or_is_refused() {
    let ingress = Ingress::start().await;
    let deep = |n: usize| format!(r#"{{"zen":"z","hook_id":{}1{}}}"#, "[".repeat(n), "]".repeat(n)).into_bytes();
    let utf16: Vec<u8> = "{\"zen\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let brackets = vec![b'['; 900_000];
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let rows: Vec<Row<'_>> = vec![
        ("60 empty", b"", &[], 400, "empty_body"),
        ("61 text/plain", PING, &[("content-type", "text/plain")], 202, ""),
        ("62 multipart", PING, &[("content-type", "multipart/form-data; boundary=b")], 415, "unsupported_type"),
        ("63 a form", b"payload=%7B%22zen%22%3A%22z%22%2C%22hook_id%22%3A1%7D", &form, 202, ""),
        ("64 no payload", b"a=1", &form, 400, "invalid_form"),
        ("64 two", b"payload=%7B%7D&payload=%7B%7D", &form, 400, "invalid_form"),
        ("65 invalid UTF-8", b"{\"zen\":\"\xff\",\"hook_id\":1}", &[], 400, "invalid_json"),
        ("65 lone surrogate", br#"{"zen":"\ud800","hook_id":1}"#, &[], 400, "invalid_json"),
        ("66 a byte order mark", b"\xef\xbb\xbf{\"zen\":\"z\",\"hook_id\":1}", &[], 202, ""),
        ("67 UTF-16", &utf16, &[], 400, "invalid_json"),
        ("68 truncated", br#"{"zen":"z","#, &[], 400, "invalid_json"),
        ("68 NaN", br#"{"zen":NaN}"#, &[], 400, "invalid_json"),
        ("69 a second value", br#"{"zen":"z","hook_id":1}{}"#, &[], 400, "invalid_json"),
        ("70 brackets", &brackets, &[], 400, "invalid_json"),
        ("71 a key twice", br#"{"zen":"z","hook_id":1,"hook_id":2}"#, &[], 400, "duplicate_key"),
        ("72 a large number", br#"{"zen":"z","hook_id":1e400}"#, &[], 202, ""),
        ("73 an array", b"[]", &[], 400, "unexpected_shape"),
        ("77 another event's body", br#"{"action":"opened","issue":{"number":1}}"#, &[], 400, "event_mismatch"),
    ];
    for (n, (row, body, more, status, code)) in rows.into_iter().enumerate() {
        let signed = github().sign(headers("ping", &format!("row-{n}"), more), body.to_vec());
        let answer = ingress.raw(signed.to_bytes("/webhooks/gh")).await.unwrap();
        assert_eq!((answer.status, answer.json()["code"].as_str().unwrap_or_default()), (status, code), "{row}");
    }
    let nested = |n| github().sign(headers("ping", &format!("deep-{n}"), &[]), deep(n)).to_bytes("/webhooks/gh");
    assert_eq!(ingress.status(nested(127)).await, 202, "70 depth 128");
    assert_eq!(ingress.status(nested(128)).await, 400, "70 depth 129");
}

#[tokio::test]
async fn a_delivery_id_is_short_or_the_body_serves() {
    let ingress = Ingress::start().await;
    let send = async |id: &str, body: &str| {
        let signed = github().sign(headers("an_event_of_tomorrow", id, &[]), body.to_owned());
        ingress.raw(signed.to_bytes("/webhooks/gh")).await.unwrap()
    };
    assert_eq!(send("*.>", "{}").await.status, 202, "79 in no subject");
    assert_eq!(send("", r#"{"n":1}"#).await.status, 202);
    assert_eq!(send("", r#"{"n":1}"#).await.status, 200, "79 the body is the key");
    assert_eq!(send(&"x".repeat(255), "{}").await.status, 202);
    let long = send(&"x".repeat(256), "{}").await;
    assert_eq!((long.status, long.json()["code"].as_str()), (400, Some("bad_delivery_id")));
    assert!(ingress.deliveries("gh").iter().all(|d| matches!(d.body, Body::Inline(_))));
}
