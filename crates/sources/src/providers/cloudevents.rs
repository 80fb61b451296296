//! CloudEvents 1.0 over HTTP: binary (`ce-` headers), structured, and batches. All are read as the structured form.

use std::borrow::Cow;

use hookwheel_core::event::Event;
use hookwheel_core::webhook::{Auth, Webhook};
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{self, Fact, raw, short, told};
use crate::handshake::{self, Desk, Greeting, echo_header};
use crate::json::Json;
use crate::profile::sample;
use crate::summary::TEXT;
use crate::{BadBody, Request, Source, admit, json, made_key};

/// The profile.
pub(crate) struct CloudEvents;

const NAME: &str = "cloudevents";
/// Without these it is no event; the key and the type hang on them.
const REQUIRED: [&str; 3] = ["id", "source", "type"];
/// Longest key in the readable form, bytes.
const READABLE: usize = 255;

const FACTS: &[Fact] = &[
    short("type", &["type"]),
    short("source", &["source"]),
    short("subject", &["subject"]),
    short("id", &["id"]),
    short("time", &["time"]),
    short("schema", &["dataschema"]),
    short("content type", &["datacontenttype"]),
    told("extensions", &[""], extensions),
    raw("data", &["data"], TEXT),
    told("binary data", &["data_base64"], |data| {
        data.text().map_or(Cow::Borrowed(""), |text| Cow::Owned(format!("{} characters of base64", text.len())))
    }),
];
/// What an event has anyway; every other attribute is an extension.
const USUAL: &[&str] =
    &["data", "data_base64", "datacontenttype", "dataschema", "id", "source", "specversion", "subject", "time", "type"];

impl Source for CloudEvents {
    fn name(&self) -> &'static str {
        NAME
    }

    fn default_auth(&self) -> Auth {
        Auth::scheme("cloudevents")
    }

    /// `<source>|<id>`, which is what makes an event one; of a batch made of all of them.
    fn admit(&self, _webhook: &Webhook, request: &Request<'_>) -> Result<String, BadBody> {
        let text = structured(request)?;
        let events = items(admit::document(&text)?)?;
        let keys: Result<Vec<_>, _> = events.into_iter().map(key).collect();
        Ok(made_key::of_batch(keys?).unwrap_or_else(|| admit::body_key(request.body)))
    }

    fn describe(&self, webhook: &Webhook, request: &Request<'_>) -> Event {
        self.events(webhook, request).into_iter().next().unwrap_or_default()
    }

    fn events(&self, _webhook: &Webhook, request: &Request<'_>) -> Vec<Event> {
        let Ok(text) = structured(request) else { return vec![Event::default()] };
        let items = admit::document(&text).and_then(items).unwrap_or_default();
        let events: Vec<_> = items.into_iter().map(|item| event(request, item)).collect();
        if events.is_empty() { vec![Event::default()] } else { events }
    }

    /// Before a sender delivers it asks whether it may, and how fast. It is not called back, whatever it asks for.
    fn greet(&self, _desk: &Desk<'_>, request: &Request<'_>) -> Option<Greeting> {
        let origin = (request.method == "OPTIONS").then(|| echo_header(request, "webhook-request-origin")).flatten()?;
        let number = |rate: &&[u8]| rate.len() <= 9 && rate.iter().all(u8::is_ascii_digit);
        let rate = echo_header(request, "webhook-request-rate").filter(number).unwrap_or(b"*");
        let headers = vec![
            ("allow", b"POST, OPTIONS".to_vec()),
            ("webhook-allowed-origin", origin.to_vec()),
            ("webhook-allowed-rate", rate.to_vec()),
        ];
        Some(Greeting::Answered(handshake::empty(200, headers)))
    }

    fn sample(&self, seed: u64) -> (Vec<(String, String)>, Vec<u8>) {
        let (_, body) = sample(
            &[],
            json!({
                "specversion": "1.0", "id": format!("{seed:08x}-0000-4000-8000-000000000000"),
                "source": "https://shop.example", "type": "com.example.order.placed", "subject": format!("/orders/{seed}"),
                "time": "2026-11-02T09:30:00Z", "datacontenttype": "application/json",
                "data": { "total": 12.5, "note": "Leave it at the door." },
            }),
        );
        (vec![("content-type".into(), "application/cloudevents+json; charset=utf-8".into())], body)
    }
}

/// The request in the structured form: an event as a JSON object, or an array of them.
fn structured<'a>(request: &Request<'a>) -> Result<Cow<'a, [u8]>, BadBody> {
    match admit::content_type(request).as_deref() {
        Some("application/cloudevents+json" | "application/cloudevents-batch+json") => admit::text(request, false),
        // Other event formats, such as Avro.
        Some(other) if other.starts_with("application/cloudevents") => Err(BadBody::UnsupportedType),
        _ if request.headers.all("ce-id").next().is_some() => Ok(Cow::Owned(from_headers(request))),
        _ => admit::text(request, false),
    }
}

/// A binary event written as a structured one: attributes from headers, the body as data.
fn from_headers(request: &Request<'_>) -> Vec<u8> {
    let quote = |text: String| serde_json::Value::String(text).to_string();
    let attributes = request.headers.0.iter().filter_map(|(name, value)| Some((name.strip_prefix("ce-")?, value)));
    let mut members: Vec<String> = attributes
        .map(|(name, value)| format!("{}:{}", quote(name.to_owned()), quote(percent_decoded(value))))
        .collect();
    if let Some(content) = request.headers.text("content-type") {
        members.push(format!("\"datacontenttype\":{}", quote(content.to_owned())));
    }
    match (request.body, std::str::from_utf8(request.body)) {
        ([], _) => {}
        (body, Ok(text)) => {
            let data = json::parse(body).map_or_else(|| quote(text.to_owned()), |json| json.raw().to_owned());
            members.push(format!("\"data\":{data}"));
        }
        (body, Err(_)) => members.push(format!("\"data\":\"{} bytes\"", body.len())),
    }
    format!("{{{}}}", members.join(",")).into_bytes()
}

/// A header's value, in which everything beside printable ASCII is percent-encoded UTF-8.
fn percent_decoded(value: &[u8]) -> String {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|digits| hex::decode(digits).ok()).filter(|_| *first == b'%');
        out.push(hex.as_ref().map_or(*first, |byte| byte[0]));
        rest = if hex.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The events of a structured document, each an object.
fn items(document: Json<'_>) -> Result<Vec<Json<'_>>, BadBody> {
    let items = if document.is_array() { document.items().collect() } else { vec![document] };
    if items.iter().all(|item| item.is_object()) { Ok(items) } else { Err(BadBody::UnexpectedShape) }
}

fn key(event: Json<'_>) -> Result<String, BadBody> {
    let mut values = [Cow::Borrowed(""), Cow::Borrowed(""), Cow::Borrowed("")];
    for (name, value) in REQUIRED.iter().zip(&mut values) {
        let found = event.only(name).map_err(|_| BadBody::DuplicateKey)?.and_then(Json::scalar);
        *value = found.filter(|text| !text.is_empty()).ok_or(BadBody::UnexpectedShape)?;
    }
    event.only("subject").map_err(|_| BadBody::DuplicateKey)?;
    let [id, source, _] = values;
    let readable = format!("{source}|{id}");
    let fits = readable.len() <= READABLE && !readable.contains(char::is_control);
    Ok(if fits { readable } else { made_key::of([source, id]) })
}

fn event(request: &Request<'_>, item: Json<'_>) -> Event {
    let event = Delivery::item(NAME, request.headers, item, item);
    Event {
        event_type: event_type(&[event.scalar("type").as_deref()]),
        entity: event.entity(&["{source}:{subject}"]),
        actor: None,
        summary: facts::gather(FACTS, |path| if path.is_empty() { Some(item) } else { event.at(path) }),
    }
}

/// `name=value` of the attributes that are not in the specification.
fn extensions(event: Json<'_>) -> Cow<'_, str> {
    let named = event.members().filter(|(name, _)| !USUAL.contains(&name.as_ref()));
    let pairs = named.filter_map(|(name, value)| Some(format!("{name}={}", value.scalar()?)));
    Cow::Owned(pairs.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use crate::BadBody;
    use crate::post::{Post, names};

    const ONE: &str =
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"t.one","subject":"x","data":{"n":1},"mine":2}"#;
    const TWO: &str = r#"{"specversion":"1.0","id":"2","source":"/s","type":"t.two"}"#;

    fn structured(body: &str) -> Post {
        Post::to("cloudevents", body).with("Content-Type", "application/cloudevents+json")
    }

    fn batch(body: &str) -> Post {
        Post::to("cloudevents", body).with("Content-Type", "application/cloudevents-batch+json; charset=utf-8")
    }

    fn binary(body: impl AsRef<[u8]>) -> Post {
        let post = Post::to("cloudevents", body).with("Ce-Id", "1").with("ce-source", "/s").with("ce-type", "t.one");
        post.with("ce-specversion", "1.0").with("ce-subject", "%C3%BCber%20x 5%")
    }

    #[test]
    fn the_three_modes_say_the_same() {
        let event = structured(ONE);
        assert_eq!(event.key().unwrap(), "/s|1");
        assert_eq!(names(&event.events()), [("t.one", "cloudevents:/s:x")]);
        assert_eq!(event.fact("extensions").unwrap(), "mine=2");
        let sent = binary(r#"{"n":1}"#).with("content-type", "application/json");
        assert_eq!(sent.key().unwrap(), "/s|1");
        assert_eq!(names(&sent.events()), [("t.one", "cloudevents:/s:über x 5%")]);
        assert_eq!((sent.fact("data"), event.fact("data")), (Some(r#"{"n":1}"#.into()), Some(r#"{"n":1}"#.into())));
        let both = batch(&format!("[{ONE},{TWO}]"));
        assert_eq!(names(&both.events()), [("t.one", "cloudevents:/s:x"), ("t.two", "")]);
        assert!(both.key().unwrap().starts_with("sha256:"));
        assert_eq!(batch(&format!("[{ONE}]")).key().unwrap(), "/s|1");
        assert_eq!(Post::to("cloudevents", ONE).key().unwrap(), "/s|1", "without any content type");
    }

    #[test]
    fn binary_data_may_be_text_bytes_or_nothing() {
        assert_eq!(binary("plain").fact("data").unwrap(), r#""plain""#);
        assert_eq!(binary([0xff, 0xfe]).fact("data").unwrap(), r#""2 bytes""#);
        assert_eq!(binary("").fact("data"), None);
        assert_eq!(binary("").key().unwrap(), "/s|1");
    }

    #[test]
    fn structured_binary_data_is_told_by_its_size() {
        let event = |data: &str| structured(&format!(r#"{{"id":"1","source":"s","type":"t","data_base64":{data}}}"#));
        assert_eq!(event("\"AAEC\"").fact("binary data").unwrap(), "4 characters of base64");
        assert_eq!(event("7").fact("binary data"), None);
    }

    #[test]
    fn what_lacks_its_identity_is_no_event() {
        for bad in ["{}", r#"{"id":"1","source":"","type":"t"}"#, "[7]", "7"] {
            assert_eq!(structured(bad).key(), Err(BadBody::UnexpectedShape), "{bad}");
        }
        assert_eq!(structured(r#"{"id":"1","id":"2","source":"s","type":"t"}"#).key(), Err(BadBody::DuplicateKey));
        assert_eq!(binary("").with("ce-id", "2").key(), Err(BadBody::DuplicateKey));
        let avro = Post::to("cloudevents", "x").with("content-type", "application/cloudevents+avro");
        assert_eq!(avro.key(), Err(BadBody::UnsupportedType));
        assert_eq!(structured("").key(), Err(BadBody::Empty));
    }

    #[test]
    fn a_long_source_gives_a_short_key() {
        let event = |n: u32| format!(r#"{{"id":"{n}","source":"{}","type":"t"}}"#, "s".repeat(300));
        let (one, two) = (structured(&event(1)).key().unwrap(), structured(&event(2)).key().unwrap());
        assert!(one.starts_with("sha256:") && one != two);
    }
}
