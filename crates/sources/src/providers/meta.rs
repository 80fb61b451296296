//! Meta: WhatsApp, Messenger, Instagram and Pages. A batch of changes, or of messages between a page and a person.

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::Request;
use crate::delivery::{Delivery, event_type};
use crate::facts::{Fact, lines, names, short, text, told};
use crate::handshake::{self, Desk, Greeting, parameter};
use crate::json::Json;
use crate::made_key;
use crate::profile::{Id, Profile, Sample, sample};

pub(crate) static META: Profile = Profile {
    name: "meta",
    auth: || Auth::scheme("meta"),
    ids: &[Id::Made(key)],
    event_type: kind,
    entity,
    identity: &["object", "entry", "field", "value.metadata.phone_number_id", "value.messages", "value.statuses"],
    actor: &["value.contacts.0.profile.name", "value.messages.0.from", "value.from.name", "sender.id"],
    facts: FACTS,
    split: Some(items),
    event_types: &[
        "instagram.comments",
        "instagram.mentions",
        "instagram.messages",
        "page.feed",
        "page.message_deliveries",
        "page.message_reads",
        "page.messages",
        "page.messaging_postbacks",
        "whatsapp_business_account.account_update",
        "whatsapp_business_account.message_template_status_update",
        "whatsapp_business_account.messages",
    ],
    greet: subscribe,
    credentials: &["x-hub-signature"],
    sample: message,
    ..Profile::BLANK
};

/// What a message between a page and a person may hold, and the field it is subscribed to by.
const BETWEEN: &[(&str, &str)] = &[
    ("message", "messages"),
    ("postback", "messaging_postbacks"),
    ("reaction", "message_reactions"),
    ("delivery", "message_deliveries"),
    ("read", "message_reads"),
    ("optin", "messaging_optins"),
    ("referral", "messaging_referrals"),
];

const FACTS: &[Fact] = &[
    short("field", &["field"]),
    short("from", &["value.messages.0.from", "value.from.name", "sender.id"]),
    names("contacts", &["value.contacts"], "profile.name"),
    short("to", &["value.metadata.display_phone_number", "recipient.id"]),
    short("kind", &["value.messages.0.type", "value.item"]),
    short("verb", &["value.verb", "value.event"]),
    short("status", &["value.statuses.0.status"]),
    short("recipient", &["value.statuses.0.recipient_id"]),
    short("error", &["value.statuses.0.errors.0.title", "value.messages.0.errors.0.title", "value.errors.0.title"]),
    short("answers", &["value.messages.0.context.id", "message.reply_to.mid"]),
    short("at", &["value.messages.0.timestamp", "value.statuses.0.timestamp", "timestamp"]),
    lines("texts", &["value.messages"], |message| {
        let places = ["text.body", "button.text", "interactive.button_reply.title", "interactive.list_reply.title"];
        let captions = ["image.caption", "video.caption", "document.caption", "reaction.emoji", "type"];
        places.iter().chain(&captions).find_map(|path| message.path(path)?.scalar()).unwrap_or_default()
    }),
    text("text", &["value.messages.0.text.body", "message.text", "postback.title", "value.message", "value.text"]),
    // A change that is no conversation has members of its own.
    told("value", &["value"], |value| {
        let known = ["messages", "statuses"].iter().any(|name| value.get(name).is_some());
        if known { "".into() } else { value.raw().into() }
    }),
    // Only a body without any entry has this.
    short("object", &["object"]),
];

/// Whoever subscribes us names the token we were given for it, and hears the challenge alone.
fn subscribe(desk: &Desk<'_>, request: &Request<'_>) -> Option<Greeting> {
    let asked = request.method == "GET" && parameter(request, "hub.mode")? == b"subscribe";
    let named = asked.then(|| parameter(request, "hub.verify_token")).flatten().unwrap_or_default();
    let challenge = asked.then(|| parameter(request, "hub.challenge")).flatten()?;
    if !desk.tokens.hold(&named) {
        return Some(Greeting::Denied);
    }
    handshake::text(&challenge).map(Greeting::Answered)
}

/// `entry[].changes[]`, and `entry[].messaging[]` or `standby[]` beside them.
fn items(body: Json<'_>) -> Vec<Json<'_>> {
    let entries = body.get("entry").into_iter().flat_map(Json::items);
    let lists =
        entries.flat_map(|entry| ["changes", "messaging", "standby"].into_iter().filter_map(move |l| entry.get(l)));
    lists.flat_map(Json::items).collect()
}

/// `whatsapp_business_account.messages`: the object, and the field whose change it is.
fn kind(item: &Delivery<'_>) -> Option<String> {
    let object = item.whole.get("object")?.text()?;
    let between = || BETWEEN.iter().find(|(member, _)| item.has(member)).map(|(_, field)| (*field).into());
    event_type(&[Some(&object), item.scalar("field").or_else(between).as_deref()])
}

/// A conversation with one person; of a message that we sent ourselves it is the person we sent it to.
fn entity(item: &Delivery<'_>) -> Option<EntityKey> {
    let echo = item.scalar("message.is_echo").as_deref() == Some("true");
    let between = if echo { "{sender.id}:contact:{recipient.id}" } else { "{recipient.id}:contact:{sender.id}" };
    item.entity(&[
        "{value.metadata.phone_number_id}:contact:{value.messages.0.from}",
        "{value.metadata.phone_number_id}:contact:{value.contacts.0.wa_id}",
        "{value.metadata.phone_number_id}:contact:{value.statuses.0.recipient_id}",
        between,
        "post:{value.post_id}",
        "media:{value.media.id}",
    ])
}

/// The messages' own ids, a status with its word; `None`, so the body's hash, when anything in it has no id.
fn key(body: &Delivery<'_>) -> Option<String> {
    let mut keys = Vec::new();
    for item in items(body.item) {
        if let Some(mid) = item.path("message.mid") {
            keys.push(mid.text()?.into_owned());
            continue;
        }
        let before = keys.len();
        for message in item.path("value.messages").into_iter().flat_map(Json::items) {
            keys.push(message.get("id")?.text()?.into_owned());
        }
        for status in item.path("value.statuses").into_iter().flat_map(Json::items) {
            keys.push(format!("{}:{}", status.get("id")?.text()?, status.get("status")?.text()?));
        }
        if keys.len() == before {
            return None;
        }
    }
    made_key::of_batch(keys)
}

fn message(seed: u64) -> Sample {
    let body = json!({ "object": "whatsapp_business_account", "entry": [{
        "id": "102290129340398",
        "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550100042", "phone_number_id": "106540352242922" },
            "contacts": [{ "profile": { "name": "A customer" }, "wa_id": "15550100077" }],
            "messages": [{
                "from": "15550100077", "id": format!("wamid.{seed:016X}"), "timestamp": "1793611800",
                "type": "text", "text": { "body": "My parcel has not come. What now?" },
            }],
        } }],
    }] });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use crate::post::{Post, names};

    fn change(value: &str) -> String {
        format!(r#"{{"field":"messages","value":{{"metadata":{{"phone_number_id":"p"}},{value}}}}}"#)
    }

    fn whatsapp(changes: &[&str]) -> Post {
        let changes = changes.join("]},{\"changes\":[");
        Post::to("meta", format!(r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{changes}]}}]}}"#))
    }

    const TYPE: &str = "whatsapp_business_account.messages";

    #[test]
    fn every_change_of_every_entry_is_an_event() {
        let one = change(r#""messages":[{"id":"1","from":"a"}]"#);
        let two = change(r#""statuses":[{"id":"2","status":"read","recipient_id":"b"}]"#);
        let both = whatsapp(&[&one, &two]);
        assert_eq!(names(&both.events()), [(TYPE, "meta:p:contact:a"), (TYPE, "meta:p:contact:b")]);
        assert!(both.key().unwrap().starts_with("sha256:"));
        assert_eq!(whatsapp(&[&one]).key().unwrap(), "1");
        assert_eq!(whatsapp(&[&two]).key().unwrap(), "2:read");
    }

    #[test]
    fn messages_between_a_page_and_a_person_know_who_is_who() {
        let body = |message: &str, from: &str, to: &str| {
            let people = format!(r#""sender":{{"id":"{from}"}},"recipient":{{"id":"{to}"}}"#);
            Post::to("meta", format!(r#"{{"object":"page","entry":[{{"messaging":[{{{people},{message}}}]}}]}}"#))
        };
        let said = body(r#""message":{"mid":"m1","text":"hello"}"#, "person", "page");
        assert_eq!(names(&said.events()), [("page.messages", "meta:page:contact:person")]);
        assert_eq!((said.key().unwrap(), said.fact("text").unwrap()), ("m1".into(), "hello".into()));
        let echo = body(r#""message":{"mid":"m2","is_echo":true}"#, "page", "person");
        assert_eq!(names(&echo.events()), [("page.messages", "meta:page:contact:person")]);
        let read = body(r#""read":{"watermark":1}"#, "person", "page");
        assert_eq!(read.kind().unwrap(), "page.message_reads");
    }

    #[test]
    fn what_has_no_id_is_known_by_its_bytes() {
        let post = whatsapp(&[r#"{"field":"account_update","value":{"event":"BAN"}}"#]);
        assert!(post.key().unwrap().starts_with("sha256:"));
        assert_eq!(post.fact("verb").unwrap(), "BAN");
    }
}
