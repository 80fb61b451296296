//! Discord: interactions say their kind by the number `type`, webhook events by `event.type`.
//!
//! An interaction's `token` lets its bearer answer in the application's name: no fact reads it.

use std::borrow::Cow;

use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{lines, names, short, text};
use crate::handshake::{self, Answer, with_body};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

/// A command has at most a group and a sub-command around its options.
const MAX_NESTED: usize = 3;

pub(crate) static DISCORD: Profile = Profile {
    name: "discord",
    auth: || Auth::scheme("discord"),
    ids: &[Id::Body("id")],
    event_type: kind,
    entity: |d| d.entity(&["channel:{channel_id}", "channel:{channel.id}", "channel:{event.data.channel_id}"]),
    identity: &["type", "channel_id", "channel.id", "event.type", "event.data.channel_id"],
    actor: &["member.user.username", "user.username", "event.data.user.username", "event.data.author.username"],
    facts: &[
        short("command", &["data.name"]),
        short("component", &["data.custom_id"]),
        short("target", &["data.target_id"]),
        short(
            "user",
            &["member.user.username", "user.username", "event.data.user.username", "event.data.author.username"],
        ),
        short("user name", &["member.user.global_name", "user.global_name", "event.data.user.global_name"]),
        short("server", &["guild_id", "guild.id", "event.data.guild.id"]),
        short("channel", &["channel_id", "channel.id", "event.data.channel_id"]),
        short("channel name", &["channel.name"]),
        short("application", &["application_id"]),
        short("at", &["event.timestamp"]),
        lines("options", &["data.options"], option),
        lines("fields", &["data.components"], field),
        names("chosen", &["data.values"], ""),
        text("message", &["message.content", "event.data.content"]),
    ],
    event_types: &[
        "APPLICATION_AUTHORIZED",
        "APPLICATION_DEAUTHORIZED",
        "ENTITLEMENT_CREATE",
        "QUEST_USER_ENROLLMENT",
        "application_command",
        "application_command_autocomplete",
        "message_component",
        "modal_submit",
        "ping",
    ],
    handshakes: &["ping"],
    answer: |_, _, request| with_body(request, pong),
    credentials: &["x-signature-ed25519"],
    sample: triage,
    ..Profile::BLANK
};

/// Webhook events are of type 1 and bring an `event`, their ping is of type 0; the ping of interactions is of type 1.
fn kind(d: &Delivery<'_>) -> Option<String> {
    let named = event_type(&[d.scalar("event.type").as_deref()]);
    let numbered = || match d.scalar("type")?.as_ref() {
        "0" | "1" => Some("ping"),
        "2" => Some("application_command"),
        "3" => Some("message_component"),
        "4" => Some("application_command_autocomplete"),
        "5" => Some("modal_submit"),
        _ => None,
    };
    named.or_else(|| numbered().map(str::to_owned))
}

/// `text: what somebody wrote`; of a sub-command its name and what it was given.
fn option(option: Json<'_>) -> Cow<'_, str> {
    nested(option, MAX_NESTED).into()
}

fn nested(option: Json<'_>, depth: usize) -> String {
    let name = scalar(option, "name");
    match option.get("options").filter(|_| depth > 1) {
        Some(inner) => {
            let inner: Vec<_> = inner.items().take(25).map(|each| nested(each, depth - 1)).collect();
            format!("{name} {}", inner.join(", "))
        }
        None => match option.get("value") {
            Some(_) => format!("{name}: {}", scalar(option, "value")),
            None => name.into_owned(),
        },
    }
}

/// `reason: what somebody wrote`, of a row or a label of a form that was sent.
fn field(row: Json<'_>) -> Cow<'_, str> {
    let inner = row.path("components.0").or_else(|| row.get("component")).unwrap_or(row);
    format!("{}: {}", scalar(inner, "custom_id"), scalar(inner, "value")).into()
}

fn scalar<'a>(json: Json<'a>, name: &str) -> Cow<'a, str> {
    json.get(name).and_then(Json::scalar).unwrap_or_default()
}

/// Interactions want their ping back, webhook events want silence.
fn pong(body: Json<'_>) -> Option<Answer> {
    match (scalar(body, "type").as_ref(), body.get("event")) {
        ("1", None) => Some(handshake::json(&json!({ "type": 1 }))),
        ("0", None) => Some(handshake::empty(204, Vec::new())),
        _ => None,
    }
}

fn triage(seed: u64) -> Sample {
    let body = json!({
        "type": 2, "id": format!("12{seed:016}"), "application_id": "1100000000000000001", "version": 1,
        "token": "not-a-credential", "guild_id": "1100000000000000002", "channel_id": "1100000000000000003",
        "channel": { "id": "1100000000000000003", "name": "support", "type": 0 },
        "member": {
            "user": { "id": "1100000000000000004", "username": "rivers", "global_name": "Rivers" },
            "roles": [], "permissions": "0",
        },
        "data": {
            "id": "1100000000000000005", "name": "triage", "type": 1,
            "options": [{ "name": "text", "type": 3, "value": "The export of last week is empty." }],
        },
        "locale": "en-GB",
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source as _;
    use crate::probe::{describe, entity, fact, fixture, key};

    #[test]
    fn both_pings_are_handshakes() {
        for body in [&br#"{"type":1,"id":"1","application_id":"2","token":"t"}"#[..], br#"{"type":0,"version":1}"#] {
            assert!(DISCORD.is_handshake(&describe(&DISCORD, &[], body)));
        }
    }

    #[test]
    fn a_webhook_event_is_no_ping() {
        let body = br#"{"version":1,"application_id":"2","type":1,"event":{"type":"APPLICATION_AUTHORIZED",
            "timestamp":"2026-11-02T09:30:00","data":{"user":{"id":"3","username":"ada"},"guild":{"id":"9"}}}}"#;
        let event = describe(&DISCORD, &[], body);
        assert!(!DISCORD.is_handshake(&event));
        assert_eq!(event.event_type.as_deref(), Some("APPLICATION_AUTHORIZED"));
        assert_eq!(event.actor.as_deref(), Some("ada"));
        assert_eq!((fact(&event, "server"), entity(&event)), (Some("9"), None));
        assert!(key(&DISCORD, &[], body).unwrap().starts_with("sha256:"));
    }

    #[test]
    fn a_command_says_what_it_was_given_and_not_its_token() {
        let event = describe(&DISCORD, &[], &fixture("discord/synth_application_command_101_x10.json"));
        assert_eq!(fact(&event, "command"), Some("triage"));
        assert!(fact(&event, "options").unwrap().starts_with("text: Login returns 500"));
        assert!(!format!("{event:?}").contains("tokc6b1bf"));
    }

    #[test]
    fn nested_options_fields_and_choices() {
        let body = br#"{"type":5,"id":"1","channel_id":"7","token":"canary","data":{"custom_id":"report","name":"db",
            "options":[{"name":"backup","options":[{"name":"start","options":[{"name":"full","value":true}]}]}],
            "components":[{"type":1,"components":[{"custom_id":"why","value":"because"}]},
                {"type":18,"component":{"custom_id":"when","value":"now"}}],"values":["a","b"]}}"#;
        let event = describe(&DISCORD, &[], body);
        assert_eq!(event.event_type.as_deref(), Some("modal_submit"));
        assert_eq!(fact(&event, "options"), Some("backup start full: true"));
        assert_eq!(fact(&event, "fields"), Some("why: because\nwhen: now"));
        assert_eq!(fact(&event, "chosen"), Some("a, b"));
        assert_eq!(entity(&event), Some("discord:channel:7"));
        assert!(!format!("{event:?}").contains("canary"));
    }
}
