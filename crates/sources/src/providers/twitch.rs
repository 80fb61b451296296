//! Twitch EventSub: what happened on a channel. The signature covers the body, so types are read there first.

use std::borrow::Cow;

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{Fact, short, text};
use crate::handshake::{self, with_body};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

pub(crate) static TWITCH: Profile = Profile {
    name: "twitch",
    auth: || Auth::scheme("twitch"),
    ids: &[Id::Header("twitch-eventsub-message-id")],
    event_type: kind,
    entity,
    identity: &[
        "challenge",
        "event",
        "events",
        "subscription.type",
        "subscription.status",
        "event.broadcaster_user_id",
    ],
    actor: &["event.user_login", "event.chatter_user_login", "event.from_broadcaster_user_login", "event.user_name"],
    facts: FACTS,
    split: Some(|body| body.get("events").into_iter().flat_map(Json::items).collect()),
    event_types: &[
        "channel.ban",
        "channel.channel_points_custom_reward_redemption.add",
        "channel.chat.message",
        "channel.cheer",
        "channel.follow",
        "channel.raid",
        "channel.subscribe",
        "channel.subscription.gift",
        "channel.subscription.message",
        "channel.update",
        "drop.entitlement.grant",
        REVOCATION,
        "stream.offline",
        "stream.online",
        VERIFICATION,
    ],
    handshakes: &[VERIFICATION],
    answer: |_, _, request| with_body(request, |body| handshake::text(body.get("challenge")?.text()?.as_bytes())),
    sample: follow,
    ..Profile::BLANK
};

const VERIFICATION: &str = "webhook_callback_verification";
const REVOCATION: &str = "revocation";

const FACTS: &[Fact] = &[
    short("type", &["subscription.type"]),
    short("subscription status", &["subscription.status"]),
    short(
        "broadcaster",
        &["event.broadcaster_user_name", "event.to_broadcaster_user_name", "event.broadcaster_user_login"],
    ),
    short(
        "user",
        &["event.user_name", "event.chatter_user_name", "event.from_broadcaster_user_name", "event.user_login"],
    ),
    short("title", &["event.title"]),
    short("category", &["event.category_name"]),
    short("reward", &["event.reward.title"]),
    short("tier", &["event.tier"]),
    short("bits", &["event.bits"]),
    short("viewers", &["event.viewers"]),
    short("total", &["event.total", "event.cumulative_total"]),
    short("reason", &["event.reason"]),
    short("entitlement", &["data.entitlement_id", "id"]),
    short("entitled user", &["data.user_login", "data.user_name"]),
    short("at", &["event.started_at", "event.followed_at", "event.redeemed_at", "event.banned_at", "data.created_at"]),
    text("text", &["event.message.text", "event.message", "event.user_input"]),
];

/// The subscription's type, but for the two messages that are about the subscription itself. Only the one that asks for
/// an answer has a challenge, and only the one that ends a subscription brings nothing that happened.
fn kind(item: &Delivery<'_>) -> Option<String> {
    let whole = item.whole;
    if whole.get("challenge").is_some() {
        return Some(VERIFICATION.to_owned());
    }
    let status = whole.path("subscription.status").and_then(Json::scalar);
    let nothing_happened = whole.get("event").is_none() && whole.get("events").is_none();
    if nothing_happened && status.is_some_and(|status| status != "enabled") {
        return Some(REVOCATION.to_owned());
    }
    let signed = whole.path("subscription.type").and_then(Json::text);
    event_type(&[signed.or_else(|| item.header("twitch-eventsub-subscription-type").map(Cow::Borrowed)).as_deref()])
}

fn entity(item: &Delivery<'_>) -> Option<EntityKey> {
    item.entity(&[
        "broadcaster:{event.broadcaster_user_id}",
        "broadcaster:{event.to_broadcaster_user_id}",
        "broadcaster:{subscription.condition.broadcaster_user_id}",
        "broadcaster:{subscription.condition.to_broadcaster_user_id}",
        "user:{event.user_id}",
        "user:{data.user_id}",
    ])
}

fn follow(seed: u64) -> Sample {
    let body = json!({
        "subscription": {
            "id": "1442d3ec-1888-4b2f-bcdb-a9084b989d91", "status": "enabled", "type": "channel.follow", "version": "2",
            "cost": 0, "condition": { "broadcaster_user_id": "74268173" },
            "transport": { "method": "webhook", "callback": "https://hooks.example.com" },
            "created_at": "2026-11-01T09:30:00Z",
        },
        "event": {
            "user_id": format!("{seed}"), "user_login": "cool_user", "user_name": "Cool_User",
            "broadcaster_user_id": "74268173", "broadcaster_user_login": "streamer", "broadcaster_user_name": "Streamer",
            "followed_at": "2026-11-02T09:30:00Z",
        },
    });
    let id = format!("{seed:08x}-0000-4000-8000-000000000000");
    let headers = [
        ("twitch-eventsub-message-id", id.as_str()),
        ("twitch-eventsub-message-type", "notification"),
        ("twitch-eventsub-subscription-type", "channel.follow"),
        ("twitch-eventsub-subscription-version", "2"),
    ];
    sample(&headers, body)
}

#[cfg(test)]
mod tests {
    use crate::post::{Post, names};

    fn sent(rest: &str, status: &str) -> Post {
        let subscription =
            format!(r#"{{"type":"stream.online","status":"{status}","condition":{{"broadcaster_user_id":"1"}}}}"#);
        Post::to("twitch", format!(r#"{{"subscription":{subscription}{rest}}}"#))
            .with("Twitch-Eventsub-Message-Id", "m")
    }

    #[test]
    fn messages_about_the_subscription_are_told_from_events_by_the_signed_body() {
        let asked = sent(r#","challenge":"c""#, "webhook_callback_verification_pending");
        let asked = asked.with("Twitch-Eventsub-Message-Type", "notification");
        assert_eq!(asked.kind().unwrap(), "webhook_callback_verification");
        assert!(crate::source("twitch").unwrap().is_handshake(&asked.event()));
        let ended = sent("", "authorization_revoked");
        assert_eq!(names(&ended.events()), [("revocation", "twitch:broadcaster:1")]);
        assert_eq!(ended.fact("subscription status").unwrap(), "authorization_revoked");
        let happened = sent(r#","event":{"broadcaster_user_id":"2"}"#, "enabled");
        let happened = happened.with("Twitch-Eventsub-Subscription-Type", "channel.follow");
        assert_eq!(names(&happened.events()), [("stream.online", "twitch:broadcaster:2")]);
        assert_eq!(happened.key().unwrap(), "m");
    }

    #[test]
    fn a_batch_of_grants_is_one_event_a_grant() {
        let batch =
            sent(r#","events":[{"id":"g1","data":{"user_id":"7"}},{"id":"g2","data":{"user_id":"8"}}]"#, "enabled");
        assert_eq!(names(&batch.events()), [("stream.online", "twitch:user:7"), ("stream.online", "twitch:user:8")]);
    }
}
