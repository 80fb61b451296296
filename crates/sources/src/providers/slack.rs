//! Slack: events say their `event.type`, interactions their `type` inside a form's `payload`, commands are plain forms.
//!
//! Bodies repeat credentials (`token`, `response_url`, `bot_access_token`): no fact reads them.

use std::borrow::Cow;

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{lines, names, short, text};
use crate::handshake::{self, Answer, with_body};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

const CHANNEL: &[&str] = &[
    "event.channel",
    "event.channel.id",
    "event.item.channel",
    "event.channel_id",
    "event.assistant_thread.channel_id",
    "channel.id",
    "container.channel_id",
    "channel_id",
];

/// A thread's first message before the message itself, and a message before the time at which it was changed.
const THREAD: &[&str] = &[
    "event.item.ts",
    "event.item.message.ts",
    "event.thread_ts",
    "event.message.thread_ts",
    "event.message.ts",
    "event.previous_message.thread_ts",
    "event.previous_message.ts",
    "event.message_ts",
    "event.assistant_thread.thread_ts",
    "event.ts",
    "container.thread_ts",
    "message.thread_ts",
    "container.message_ts",
    "message.ts",
    "message_ts",
];

const USER: &[&str] = &[
    "event.user",
    "event.user.id",
    "event.message.user",
    "event.previous_message.user",
    "event.bot_id",
    "user.id",
    "user_id",
];

pub(crate) static SLACK: Profile = Profile {
    name: "slack",
    auth: || Auth::scheme("slack"),
    plain_forms: true,
    ids: &[Id::Body("event_id"), Id::Body("trigger_id"), Id::Body("actions.0.action_ts"), Id::Body("action_ts")],
    event_type: kind,
    entity: thread,
    identity: &["type", "command", "event.type", "event.channel", "event.ts", "event.thread_ts"],
    actor: USER,
    facts: &[
        short("event", &["event.type", "command", "type"]),
        short("kind", &["event.subtype"]),
        short("team", &["team_id", "team.id"]),
        short("channel", CHANNEL),
        short("channel name", &["event.channel.name", "channel.name", "channel_name"]),
        short("channel type", &["event.channel_type"]),
        short("thread", THREAD),
        short("user", USER),
        short("user name", &["event.user.real_name", "event.user.name", "user.username", "user.name", "user_name"]),
        short("reaction", &["event.reaction"]),
        short("author of the message", &["event.item_user"]),
        short("callback", &["callback_id", "view.callback_id"]),
        short("view", &["view.title.text", "event.view.title.text"]),
        short("tab", &["event.tab"]),
        short("minute of the limit", &["event.minute_rate_limited", "minute_rate_limited"]),
        short("whole organization", &["is_enterprise_install"]),
        lines("actions", &["actions"], action),
        names("files", &["event.files", "event.message.files", "message.files"], "name"),
        names("links", &["event.links"], "url"),
        text("text", &["event.text", "event.message.text", "text", "message.text"]),
        text("text before", &["event.previous_message.text"]),
    ],
    event_types: &[
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "assistant_thread_context_changed",
        "assistant_thread_started",
        "block_actions",
        "channel_archive",
        "channel_created",
        "channel_deleted",
        "channel_rename",
        "channel_unarchive",
        "file_shared",
        "link_shared",
        "member_joined_channel",
        "member_left_channel",
        "message",
        "message.bot_message",
        "message.channel_join",
        "message.file_share",
        "message.message_changed",
        "message.message_deleted",
        "message.thread_broadcast",
        "message_action",
        "pin_added",
        "pin_removed",
        "reaction_added",
        "reaction_removed",
        "shortcut",
        "team_join",
        "tokens_revoked",
        "url_verification",
        "view_closed",
        "view_submission",
    ],
    handshakes: &["url_verification"],
    answer: |_, _, request| with_body(request, challenge),
    credentials: &["x-slack-signature"],
    sample: mention,
    ..Profile::BLANK
};

/// The type inside the envelope, else the envelope's; of a command what was typed, such as `/triage`.
fn kind(d: &Delivery<'_>) -> Option<String> {
    let inner = event_type(&[d.scalar("event.type").as_deref(), d.scalar("event.subtype").as_deref()]);
    inner.or_else(|| event_type(&[d.first(&["command", "type"]).as_deref()]))
}

fn thread(d: &Delivery<'_>) -> Option<EntityKey> {
    Some(EntityKey::fit(&format!("slack:{}:thread:{}", d.first(CHANNEL)?, d.first(THREAD)?)))
}

/// `approve = release-7`: what was pressed or chosen.
fn action(action: Json<'_>) -> Cow<'_, str> {
    let text = |path| action.path(path).and_then(Json::scalar);
    let chosen = text("value").or_else(|| text("selected_option.value")).or_else(|| text("selected_user"));
    match (text("action_id"), chosen) {
        (Some(id), Some(chosen)) => format!("{id} = {chosen}").into(),
        (id, chosen) => id.or(chosen).unwrap_or_default(),
    }
}

fn challenge(body: Json<'_>) -> Option<Answer> {
    let asked = body.get("type").and_then(Json::text).as_deref() == Some("url_verification");
    asked.then(|| handshake::text(body.get("challenge")?.text()?.as_bytes())).flatten()
}

fn mention(seed: u64) -> Sample {
    let ts = format!("{}.{:06}", 1_793_612_000, seed % 1_000_000);
    let body = json!({
        "token": "not-a-credential", "team_id": "T0SAMPLE", "api_app_id": "A0SAMPLE", "type": "event_callback",
        "event": {
            "type": "app_mention", "user": "U0SAMPLE1", "channel": "C0SAMPLE", "ts": ts, "event_ts": ts,
            "text": "<@U0SAMPLE0> the import of yesterday's orders stopped half way, can you see why?",
        },
        "event_id": format!("Ev{seed:010}"), "event_time": 1_793_612_000, "is_ext_shared_channel": false,
        "authorizations": [{ "enterprise_id": null, "team_id": "T0SAMPLE", "user_id": "U0SAMPLE0", "is_bot": true }],
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BadBody;
    use crate::probe::{describe, entity, fact, key};

    const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];

    #[test]
    fn a_command_is_a_plain_form() {
        let body =
            b"token=canary-1&team_id=T1&channel_id=C1&channel_name=ops&user_id=U1&user_name=ada&command=%2Ftriage\
            &text=issue+7&response_url=https%3A%2F%2Fhooks.example.com%2Fcanary-2&trigger_id=1.2.abc";
        assert_eq!(key(&SLACK, FORM, body).unwrap(), "1.2.abc");
        let event = describe(&SLACK, FORM, body);
        assert_eq!(event.event_type.as_deref(), Some("/triage"));
        assert_eq!(event.actor.as_deref(), Some("U1"));
        assert_eq!(entity(&event), None);
        assert_eq!(fact(&event, "text"), Some("issue 7"));
        assert_eq!(fact(&event, "channel name"), Some("ops"));
        assert!(!format!("{event:?}").contains("canary"));
    }

    #[test]
    fn an_interaction_is_the_payload_of_a_form() {
        let body = b"payload=%7B%22type%22%3A%22block_actions%22%2C%22token%22%3A%22canary%22%2C%22trigger_id%22%3A%2213.9\
            %22%2C%22user%22%3A%7B%22id%22%3A%22U1%22%2C%22username%22%3A%22ada%22%7D%2C%22channel%22%3A%7B%22id%22%3A%22C1\
            %22%7D%2C%22container%22%3A%7B%22message_ts%22%3A%222.5%22%2C%22thread_ts%22%3A%222.1%22%7D%2C%22actions%22%3A%5B\
            %7B%22action_id%22%3A%22approve%22%2C%22value%22%3A%22release-7%22%2C%22action_ts%22%3A%223.0%22%7D%5D%7D";
        assert_eq!(key(&SLACK, FORM, body).unwrap(), "13.9");
        let event = describe(&SLACK, FORM, body);
        assert_eq!(event.event_type.as_deref(), Some("block_actions"));
        assert_eq!(entity(&event), Some("slack:C1:thread:2.1"));
        assert_eq!(fact(&event, "actions"), Some("approve = release-7"));
        assert!(!format!("{event:?}").contains("canary"));
        assert_eq!(key(&SLACK, FORM, b"payload=%7B%7D&payload=%7B%7D"), Err(BadBody::InvalidForm));
        assert_eq!(key(&SLACK, FORM, b"a=%4"), Err(BadBody::InvalidForm));
    }

    #[test]
    fn the_challenge_is_a_handshake_without_an_id() {
        use crate::Source as _;
        let body = br#"{"token":"canary","challenge":"3eZbrw","type":"url_verification"}"#;
        let event = describe(&SLACK, &[], body);
        assert!(SLACK.is_handshake(&event));
        assert!(key(&SLACK, &[], body).unwrap().starts_with("sha256:"));
        assert!(!format!("{event:?}").contains("canary"));
    }

    #[test]
    fn a_change_is_about_the_thread_of_what_was_changed() {
        let about = |inner: &str| {
            let body = format!(r#"{{"type":"event_callback","event_id":"E","event":{inner}}}"#);
            let event = describe(&SLACK, &[], body.as_bytes());
            (event.event_type.clone().unwrap(), entity(&event).map(str::to_owned))
        };
        for (inner, name, key) in [
            (
                r#"{"type":"message","subtype":"message_changed","channel":"C","ts":"9.0","message":{"ts":"5.0","thread_ts":"4.0"}}"#,
                "message.message_changed",
                Some("slack:C:thread:4.0"),
            ),
            (
                r#"{"type":"message","subtype":"message_deleted","channel":"C","ts":"9.0","previous_message":{"ts":"5.0"}}"#,
                "message.message_deleted",
                Some("slack:C:thread:5.0"),
            ),
            (r#"{"type":"link_shared","channel":"C","message_ts":"5.0"}"#, "link_shared", Some("slack:C:thread:5.0")),
            (r#"{"type":"channel_created","channel":{"id":"C","name":"n"}}"#, "channel_created", None),
            (r#"{"type":"reaction_added","item":{"type":"file","file":"F"}}"#, "reaction_added", None),
        ] {
            assert_eq!(about(inner), (name.to_owned(), key.map(str::to_owned)), "{inner}");
        }
    }

    #[test]
    fn no_credential_of_any_shape_reaches_the_summary() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/slack");
        let mut planted = 0;
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let mut body = std::fs::read_to_string(&file).unwrap();
            for name in ["token", "bot_access_token", "response_url", "secret", "verification_token"] {
                let (blank, canary) = (format!("\"{name}\": \"\""), format!("\"{name}\": \"canary\""));
                planted += body.matches(&blank).count();
                body = body.replace(&blank, &canary);
            }
            let event = describe(&SLACK, &[], body.as_bytes());
            assert!(!format!("{event:?}").contains("canary"), "{}", file.display());
        }
        assert!(planted > 10, "{planted}");
    }

    #[test]
    fn two_event_ids_are_refused() {
        assert_eq!(key(&SLACK, &[], br#"{"event_id":"a","event_id":"b"}"#), Err(BadBody::DuplicateKey));
        assert_eq!(
            key(&SLACK, &[], br#"{"event_id":"a","event":{"type":"m","type":"n"}}"#),
            Err(BadBody::DuplicateKey)
        );
    }
}
