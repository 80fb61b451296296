//! Microsoft Teams outgoing webhook: somebody spoke to us in a channel.

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{Fact, names, short, text};
use crate::profile::{Id, Profile, Sample, sample};

pub(crate) static MSTEAMS: Profile = Profile {
    name: "msteams",
    auth: || Auth::scheme("msteams"),
    ids: &[Id::Body("id")],
    event_type: |message| event_type(&[message.scalar("type").as_deref()]),
    entity,
    identity: &["type", "conversation.id", "replyToId"],
    actor: &["from.name", "from.id"],
    facts: FACTS,
    event_types: &["message"],
    sample: question,
    ..Profile::BLANK
};

const FACTS: &[Fact] = &[
    short("from", &["from.name", "from.id"]),
    short("kind", &["type"]),
    short(
        "channel",
        &["channelData.channel.name", "channelData.teamsChannelId", "conversation.name", "conversation.id"],
    ),
    short("team", &["channelData.team.name", "channelData.teamsTeamId"]),
    short("tenant", &["channelData.tenant.id"]),
    short("locale", &["locale"]),
    short("at", &["timestamp"]),
    names("attachments", &["attachments"], "name"),
    text("text", &["text"]),
];

/// `msteams:<channel>:thread:<first message>`. The conversation's id names both; without a thread the channel remains.
fn entity(message: &Delivery<'_>) -> Option<EntityKey> {
    let conversation = message.scalar("conversation.id")?;
    let (channel, thread) = match conversation.split_once(";messageid=") {
        Some((channel, first)) => (channel, Some(first.into())),
        None => (&*conversation, message.scalar("replyToId")),
    };
    Some(EntityKey::fit(&match thread {
        Some(first) => format!("msteams:{channel}:thread:{first}"),
        None => format!("msteams:{channel}"),
    }))
}

fn question(seed: u64) -> Sample {
    let id = 1_793_611_800_000 + seed;
    let body = json!({
        "type": "message", "id": id.to_string(), "timestamp": "2026-11-02T09:30:00.000Z", "channelId": "msteams",
        "from": { "id": "29:1", "name": "A colleague" }, "attachments": [], "entities": [],
        "conversation": {
            "isGroup": true, "name": null, "id": format!("19:7471a253afaf1b0c@thread.tacv2;messageid={id}"),
        },
        "text": "<at>hookwheel</at> Login answers 500 after a reset. Can you look?",
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use crate::post::Post;

    #[test]
    fn a_thread_is_named_by_its_first_message() {
        let entity = |rest: &str| Post::to("msteams", format!(r#"{{"type":"message"{rest}}}"#)).entity();
        assert_eq!(entity(r#","conversation":{"id":"c;messageid=1"},"id":"2""#).unwrap(), "msteams:c:thread:1");
        assert_eq!(entity(r#","conversation":{"id":"c"},"replyToId":"1""#).unwrap(), "msteams:c:thread:1");
        assert_eq!(entity(r#","conversation":{"id":"c"}"#).unwrap(), "msteams:c");
        assert_eq!(entity(""), None);
    }
}
