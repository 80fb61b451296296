//! Zoom: what happened to a meeting, a webinar, a recording, a user.

use std::borrow::Cow;

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{Fact, names, short, text};
use crate::handshake::{self, Answer, Desk, with_body};
use crate::json::Json;
use crate::made_key;
use crate::profile::{Id, Profile, Sample, sample};

pub(crate) static ZOOM: Profile = Profile {
    name: "zoom",
    auth: || Auth::scheme("zoom"),
    ids: &[Id::Made(key)],
    event_type: |body| event_type(&[body.scalar("event").as_deref()]),
    entity,
    identity: &["event", "event_ts", "payload.object.id", "payload.object.uuid"],
    actor: &["payload.object.participant.user_name", "payload.operator", "payload.object.host_email"],
    facts: FACTS,
    event_types: &[
        VALIDATION,
        "meeting.created",
        "meeting.deleted",
        "meeting.ended",
        "meeting.participant_joined",
        "meeting.participant_left",
        "meeting.started",
        "meeting.summary_completed",
        "meeting.updated",
        "recording.completed",
        "recording.started",
        "recording.stopped",
        "recording.transcript_completed",
        "user.created",
        "user.deleted",
        "user.updated",
        "webinar.ended",
        "webinar.participant_joined",
        "webinar.participant_left",
        "webinar.registration_created",
        "webinar.started",
    ],
    handshakes: &[VALIDATION],
    answer: |desk, secret, request| with_body(request, |body| prove(desk, secret, body)),
    sample: meeting_started,
    ..Profile::BLANK
};

const VALIDATION: &str = "endpoint.url_validation";

/// Never passcodes, download tokens or join links.
const FACTS: &[Fact] = &[
    short("event", &["event"]),
    short("topic", &["payload.object.topic", "payload.object.meeting_topic"]),
    short("meeting", &["payload.object.id", "payload.object.meeting_id"]),
    short("host", &["payload.object.host_email", "payload.object.host_id"]),
    short("participant", &["payload.object.participant.user_name", "payload.object.participant.email"]),
    short("registrant", &["payload.object.registrant.email"]),
    short("user", &["payload.object.display_name", "payload.object.email"]),
    short("operator", &["payload.operator"]),
    short("starts", &["payload.object.start_time"]),
    short("ended", &["payload.object.end_time"]),
    short("joined", &["payload.object.participant.join_time"]),
    short("left", &["payload.object.participant.leave_time", "payload.object.participant.leave_reason"]),
    short("minutes", &["payload.object.duration"]),
    short("time zone", &["payload.object.timezone"]),
    names("recordings", &["payload.object.recording_files"], "recording_type"),
    text("summary", &["payload.object.summary_overview"]),
    text("agenda", &["payload.object.agenda"]),
];

/// `zoom:meeting:<number>`, also for a meeting's recording; else the event's family and the object's id.
fn entity(body: &Delivery<'_>) -> Option<EntityKey> {
    let name = body.scalar("event")?;
    let family = match name.split('.').next()? {
        "recording" => "meeting",
        family => family,
    };
    body.entity(&[&format!("{family}:{{payload.object.id}}"), &format!("{family}:{{payload.object.meeting_id}}")])
}

/// Made of event, time (ms) and meeting, and of the participant where there is one: two people can join a meeting in
/// the same millisecond.
fn key(body: &Delivery<'_>) -> Option<String> {
    let object = body.first(&["payload.object.uuid", "payload.object.meeting_uuid", "payload.object.id"])?;
    let mut parts = vec![body.scalar("event")?, body.scalar("event_ts")?, object];
    parts.extend(body.at("payload.object.participant").map(|participant| Cow::Borrowed(participant.raw())));
    Some(made_key::of(parts))
}

/// Shows that we know the secret, by signing a token of their choice with it. They signed first, so nobody else can
/// have anything signed.
fn prove(desk: &Desk<'_>, secret: Option<u32>, body: Json<'_>) -> Option<Answer> {
    let asked = body.get("event").and_then(Json::text).as_deref() == Some(VALIDATION);
    let plain = asked.then(|| body.path("payload.plainToken").and_then(Json::text)).flatten()?;
    let signed = desk.verifier.mac(secret, plain.as_bytes())?;
    let signed = hookwheel_core::ids::hex(&signed);
    (plain.len() <= 1024).then(|| handshake::json(&json!({ "plainToken": plain, "encryptedToken": signed })))
}

fn meeting_started(seed: u64) -> Sample {
    let body = json!({
        "event": "meeting.started", "event_ts": 1_793_611_800_000 + seed,
        "payload": { "account_id": "YMATWH65DV71D0N34M6X1V", "object": {
            "id": "516060260", "uuid": "SHYWLZ5JG2MQSFUCZ6PGLP==", "topic": "Weekly review", "type": 2,
            "host_id": "YDJ0NY5P1LR52RGZ023BQ1", "start_time": "2026-11-02T09:30:00Z", "timezone": "UTC", "duration": 60,
        } },
    });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use crate::post::Post;

    fn meeting(name: &str, time: u64, rest: &str) -> Post {
        let object = format!(r#"{{"id":5,"uuid":"u"{rest}}}"#);
        Post::to("zoom", format!(r#"{{"event":"{name}","event_ts":{time},"payload":{{"object":{object}}}}}"#))
    }

    #[test]
    fn the_key_is_made_of_event_time_meeting_and_participant() {
        let key = |post: Post| post.key().unwrap();
        let first = key(meeting("meeting.started", 1, ""));
        assert_eq!(first, key(meeting("meeting.started", 1, r#","topic":"x""#)));
        assert_ne!(first, key(meeting("meeting.started", 2, "")));
        assert_ne!(first, key(meeting("meeting.ended", 1, "")));
        let joined = |who: &str| {
            key(meeting("meeting.participant_joined", 1, &format!(r#","participant":{{"user_id":"{who}"}}"#)))
        };
        assert_ne!(joined("a"), joined("b"));
    }

    #[test]
    fn a_recording_is_about_its_meeting() {
        assert_eq!(meeting("recording.completed", 1, "").entity().unwrap(), "zoom:meeting:5");
        assert_eq!(meeting("webinar.started", 1, "").entity().unwrap(), "zoom:webinar:5");
    }

    #[test]
    fn the_validation_is_a_handshake_and_shows_no_token() {
        let asked =
            Post::to("zoom", r#"{"event":"endpoint.url_validation","event_ts":1,"payload":{"plainToken":"hush"}}"#);
        assert!(crate::source("zoom").unwrap().is_handshake(&asked.event()));
        assert!(!format!("{:?}", asked.event()).contains("hush"));
        assert_eq!(asked.entity(), None);
    }
}
