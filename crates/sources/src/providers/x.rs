//! X (Twitter) account activity: the first `*_events` member says what happened; its items are the events.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::Request;
use crate::delivery::{Delivery, event_type};
use crate::facts::{Fact, short, text};
use crate::handshake::{self, Desk, Greeting, parameter};
use crate::json::Json;
use crate::profile::{Profile, Sample, sample};

pub(crate) static X: Profile = Profile {
    name: "x",
    auth: || Auth::scheme("x"),
    event_type: |item| event_type(&[name(item.whole).as_deref()]),
    entity,
    identity: &["for_user_id"],
    actor: &["user.screen_name", "source.screen_name", "message_create.sender_id", "sender_id"],
    facts: FACTS,
    split: Some(|body| name(body).and_then(|name| body.get(&name)).into_iter().flat_map(Json::items).collect()),
    event_types: &[
        "block_events",
        "direct_message_events",
        "direct_message_indicate_typing_events",
        "direct_message_mark_read_events",
        "favorite_events",
        "follow_events",
        "mute_events",
        "tweet_create_events",
        "tweet_delete_events",
        "user_event",
    ],
    greet: prove,
    sample: mention,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short("for user", &["for_user_id"]),
    short("kind", &["type"]),
    short("by", &["user.screen_name", "source.screen_name", "message_create.sender_id", "sender_id"]),
    short("to", &["target.screen_name", "message_create.target.recipient_id"]),
    short("post", &["id_str", "favorited_status.id_str", "status.id"]),
    short("answers", &["in_reply_to_status_id_str"]),
    short("quotes", &["quoted_status_id_str"]),
    short("language", &["lang"]),
    short("at", &["created_at", "created_timestamp", "timestamp_ms"]),
    short("revoked by", &["user_event.revoke.source.user_id"]),
    text(
        "text",
        &["extended_tweet.full_text", "full_text", "text", "message_create.message_data.text", "favorited_status.text"],
    ),
];

/// Shows that we know the secret, by signing a token of anyone's choice with it. A delivery is signed in the same way,
/// so the token must look like one and never like a body: else whoever asks could have deliveries signed.
fn prove(desk: &Desk<'_>, request: &Request<'_>) -> Option<Greeting> {
    let token = (request.method == "GET").then(|| parameter(request, "crc_token")).flatten()?;
    let is_token = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~+/=".contains(b);
    let sound = !token.is_empty() && token.iter().all(is_token);
    let signed = desk.verifier.mac(None, &token).filter(|_| sound)?;
    let signed = format!("sha256={}", BASE64.encode(signed));
    Some(Greeting::Answered(handshake::json(&json!({ "response_token": signed }))))
}

/// The first member that is called `*_events`, else `user_event`.
fn name<'a>(body: Json<'a>) -> Option<Cow<'a, str>> {
    let names = || body.members().map(|(name, _)| name);
    names().find(|name| name.ends_with("_events")).or_else(|| names().find(|name| name == "user_event"))
}

/// A post, a conversation with one person, else the account whose activity it is.
fn entity(item: &Delivery<'_>) -> Option<EntityKey> {
    let account = item.whole.get("for_user_id").and_then(Json::scalar);
    let sent_by_us = item.scalar("message_create.sender_id") == account;
    let person = if sent_by_us { "message_create.target.recipient_id" } else { "message_create.sender_id" };
    if let (Some(account), Some(person)) = (&account, item.scalar(person)) {
        return Some(EntityKey::fit(&format!("x:{account}:contact:{person}")));
    }
    let post = item.entity(&["post:{id_str}", "post:{favorited_status.id_str}", "post:{status.id}"]);
    post.or_else(|| account.map(|account| EntityKey::fit(&format!("x:user:{account}"))))
}

fn mention(seed: u64) -> Sample {
    let body = json!({
        "for_user_id": "2244994945",
        "tweet_create_events": [{
            "created_at": "Mon Nov 02 09:30:00 +0000 2026", "id_str": format!("{}", 2_000_000_000_000_000_000 + seed),
            "text": "@widgets the export is empty since this morning", "lang": "en",
            "user": { "id_str": "42", "screen_name": "a_customer" },
        }],
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use crate::post::{Post, names};

    #[test]
    fn the_first_events_member_counts_wherever_it_stands() {
        let body = r#"{"for_user_id":"1","user_has_blocked":false,"tweet_create_events":[{"id_str":"7"},{"id_str":"8"}],
            "favorite_events":[{}]}"#;
        let wanted = [("tweet_create_events", "x:post:7"), ("tweet_create_events", "x:post:8")];
        assert_eq!(names(&Post::to("x", body).events()), wanted);
        let revoked = Post::to("x", r#"{"user_event":{"revoke":{"source":{"user_id":"5"}}}}"#);
        assert_eq!(names(&revoked.events()), [("user_event", "")]);
        assert_eq!(revoked.fact("revoked by").unwrap(), "5");
    }

    #[test]
    fn both_sides_of_a_conversation_are_one_entity() {
        let entity = |from: &str, to: &str| {
            let message = format!(r#"{{"sender_id":"{from}","target":{{"recipient_id":"{to}"}}}}"#);
            let body = format!(r#"{{"for_user_id":"1","direct_message_events":[{{"message_create":{message}}}]}}"#);
            Post::to("x", body).entity().unwrap()
        };
        assert_eq!(entity("2", "1"), "x:1:contact:2");
        assert_eq!(entity("1", "2"), "x:1:contact:2");
    }

    #[test]
    fn what_happens_to_an_account_is_about_the_account() {
        let post = Post::to("x", r#"{"for_user_id":"1","follow_events":[{"source":{"screen_name":"fan"}}]}"#);
        assert_eq!(post.entity().unwrap(), "x:user:1");
        assert_eq!(post.event().actor.unwrap(), "fan");
    }
}
