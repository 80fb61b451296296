//! Twilio: messages and calls post plain forms, conversations say their `EventType`, event streams post JSON arrays.
//!
//! Both directions of a conversation by message are about one contact of one of our numbers.

use std::borrow::Cow;

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;

use crate::admit;
use crate::delivery::{Delivery, event_type};
use crate::facts::{short, text};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample};

/// How far a message or a call has come. What Twilio still calls an SMS comes last: a message brings both.
const STATUS: &[&str] = &["MessageStatus", "CallStatus", "RecordingStatus", "TranscriptionStatus", "SmsStatus"];
const MESSAGE: &[&str] = &["MessageSid", "SmsSid", "SmsMessageSid", "data.messageSid"];
const CALL: &[&str] = &["CallSid", "data.callSid"];

pub(crate) static TWILIO: Profile = Profile {
    name: "twilio",
    auth: || Auth::scheme("twilio"),
    plain_forms: true,
    ids: &[Id::Header("i-twilio-idempotency-token"), Id::Made(step), Id::Made(stream)],
    event_type: kind,
    entity,
    identity: &["MessageSid", "CallSid", "ConversationSid", "EventType", "MessageStatus", "CallStatus", "From", "To"],
    actor: &["Author", "ProfileName", "From", "data.from"],
    facts: &[
        short("from", &["From", "data.from"]),
        short("to", &["To", "data.to"]),
        short("author", &["Author"]),
        short("name", &["ProfileName", "CallerName"]),
        short("status", STATUS),
        short("message", MESSAGE),
        short("call", CALL),
        short("conversation", &["ConversationSid", "ChannelSid"]),
        short("direction", &["Direction"]),
        short("duration in seconds", &["CallDuration", "RecordingDuration", "Duration"]),
        short("error code", &["ErrorCode", "data.errorCode"]),
        short("error", &["ErrorMessage", "data.errorMessage"]),
        short("media", &["NumMedia"]),
        short("media type", &["MediaContentType0"]),
        short("digits", &["Digits"]),
        short("country", &["FromCountry"]),
        short("at", &["Timestamp", "DateCreated", "time"]),
        text("text", &["Body"]),
        text("spoken", &["SpeechResult", "TranscriptionText"]),
    ],
    split: Some(|body| body.items().collect()),
    event_types: &[
        "call.busy",
        "call.canceled",
        "call.completed",
        "call.failed",
        "call.in-progress",
        "call.initiated",
        "call.no-answer",
        "call.queued",
        "call.ringing",
        "message.accepted",
        "message.canceled",
        "message.delivered",
        "message.failed",
        "message.queued",
        "message.read",
        "message.received",
        "message.sending",
        "message.sent",
        "message.undelivered",
        "onConversationAdded",
        "onConversationRemoved",
        "onConversationStateUpdated",
        "onConversationUpdated",
        "onDeliveryUpdated",
        "onMessageAdded",
        "onMessageRemoved",
        "onMessageUpdated",
        "onParticipantAdded",
        "onParticipantRemoved",
        "onParticipantUpdated",
        "recording.absent",
        "recording.completed",
        "transcription.completed",
        "transcription.failed",
    ],
    credentials: &["x-twilio-signature"],
    sample: incoming,
    ..Profile::BLANK
};

/// `onMessageAdded`, a stream's own type, or `message.delivered`: what has come how far.
fn kind(d: &Delivery<'_>) -> Option<String> {
    event_type(&[d.first(&["EventType", "type"]).as_deref()]).or_else(|| {
        let status = d.first(STATUS)?;
        let thing = if d.has("RecordingStatus") {
            "recording"
        } else if d.has("TranscriptionStatus") {
            "transcription"
        } else if d.first(MESSAGE).is_some() {
            "message"
        } else {
            "call"
        };
        event_type(&[Some(thing), Some(&status)])
    })
}

fn entity(d: &Delivery<'_>) -> Option<EntityKey> {
    let conversation = d.entity(&["conversation:{ConversationSid}", "conversation:{ChannelSid}"]);
    conversation.or_else(|| d.entity(&["call:{CallSid}", "call:{data.callSid}"])).or_else(|| {
        d.first(MESSAGE)?;
        // Only what comes in is `received`; of everything else we are the sender.
        let comes_in = d.scalar("MessageStatus").or_else(|| d.scalar("SmsStatus")).is_none_or(|s| s == "received");
        d.entity(if comes_in { &["{To}:contact:{From}"] } else { &["{From}:contact:{To}"] })
    })
}

/// Without a token: a message or a call has each status once.
fn step(d: &Delivery<'_>) -> Option<String> {
    let thing =
        d.first(&["RecordingSid", "TranscriptionSid"]).or_else(|| d.first(&["MessageSid", "SmsSid", "CallSid"]))?;
    Some(format!("{thing}:{}", d.first(STATUS)?))
}

/// A stream's batch: the ids of its events.
fn stream(d: &Delivery<'_>) -> Option<String> {
    let ids: Option<Vec<Cow<'_, str>>> = d.item.items().map(|event| event.get("id").and_then(Json::text)).collect();
    let ids = ids.filter(|ids| !ids.is_empty())?;
    Some(admit::body_key(ids.join("\n").as_bytes()))
}

fn incoming(seed: u64) -> Sample {
    let sid = format!("SM{seed:032x}");
    let body = format!(
        "ToCountry=DE&SmsMessageSid={sid}&NumMedia=0&SmsSid={sid}&SmsStatus=received&FromCountry=DE&To=%2B4930555010\
         &Body=Is+my+parcel+still+coming+today%3F&NumSegments=1&MessageSid={sid}&AccountSid=AC{:032x}\
         &From=%2B4930555042&ApiVersion=2010-04-01",
        42
    );
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8".to_owned()),
        ("i-twilio-idempotency-token", format!("{seed:08x}-0000-4000-8000-{:012x}", seed & 0xffff_ffff_ffff)),
    ];
    (headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), body.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BadBody;
    use crate::probe::{describe, entity, events, fact, key};

    const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded; charset=UTF-8")];

    #[test]
    fn a_message_and_its_answer_are_about_one_contact() {
        let incoming = b"MessageSid=SM1&SmsStatus=received&From=%2B2&To=%2B1&Body=Z%C3%BCrich+%E2%98%83";
        let event = describe(&TWILIO, FORM, incoming);
        assert_eq!(event.event_type.as_deref(), Some("message.received"));
        assert_eq!(entity(&event), Some("twilio:+1:contact:+2"));
        assert_eq!(fact(&event, "text"), Some("Zürich ☃"));
        assert_eq!(event.actor.as_deref(), Some("+2"));
        let answer =
            b"MessageSid=SM2&MessageStatus=undelivered&SmsStatus=undelivered&ErrorCode=30003&From=%2B1&To=%2B2";
        let event = describe(&TWILIO, FORM, answer);
        assert_eq!(event.event_type.as_deref(), Some("message.undelivered"));
        assert_eq!(entity(&event), Some("twilio:+1:contact:+2"));
        assert_eq!(fact(&event, "error code"), Some("30003"));
    }

    #[test]
    fn calls_recordings_and_conversations() {
        for (body, kind, about) in [
            ("CallSid=CA1&CallStatus=ringing&From=a&To=b", "call.ringing", "twilio:call:CA1"),
            ("CallSid=CA1&RecordingSid=RE1&RecordingStatus=completed", "recording.completed", "twilio:call:CA1"),
            (
                "EventType=onMessageAdded&ConversationSid=CH1&MessageSid=IM1",
                "onMessageAdded",
                "twilio:conversation:CH1",
            ),
        ] {
            let event = describe(&TWILIO, FORM, body.as_bytes());
            assert_eq!((event.event_type.as_deref(), entity(&event)), (Some(kind), Some(about)), "{body}");
        }
    }

    #[test]
    fn the_key_is_the_token_else_the_step_else_the_bytes() {
        let by = |body: &[u8]| key(&TWILIO, FORM, body);
        assert_eq!(by(b"MessageSid=SM1&MessageStatus=sent").unwrap(), "SM1:sent");
        assert_eq!(by(b"CallSid=CA1&RecordingSid=RE1&RecordingStatus=completed").unwrap(), "RE1:completed");
        assert!(by(b"From=1&B=&a+b=x%26y%3Dz").unwrap().starts_with("sha256:"));
        let token = [FORM[0], ("i-twilio-idempotency-token", "t-1")];
        assert_eq!(key(&TWILIO, &token, b"MessageSid=SM1&MessageStatus=sent").unwrap(), "t-1");
        assert!(by(b"Digits=1&MediaUrl=b&MediaUrl=a").is_ok());
        assert_eq!(by(b"MessageSid=SM1&MessageSid=SM2"), Err(BadBody::DuplicateKey));
        assert_eq!(by(b"Body=%ff"), Err(BadBody::InvalidForm));
    }

    #[test]
    fn a_stream_is_split_and_its_ids_are_the_key() {
        let body = br#"[{"id":"EZ1","type":"com.twilio.messaging.message.sent","data":{"messageSid":"SM1","to":"+2"}},
            {"id":"EZ2","type":"com.twilio.voice.status","data":{"callSid":"CA1"}}]"#;
        let events = events(&TWILIO, &[("content-type", "application/json")], body);
        assert_eq!(events[0].event_type.as_deref(), Some("com.twilio.messaging.message.sent"));
        assert_eq!(entity(&events[1]), Some("twilio:call:CA1"));
        assert_eq!(key(&TWILIO, &[], body), key(&TWILIO, &[], br#"[{"id":"EZ1"},{"id":"EZ2"}]"#));
    }
}
