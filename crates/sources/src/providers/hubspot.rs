//! HubSpot: a body is an array of up to a hundred events, each with its `subscriptionType` and `eventId`.

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::admit;
use crate::delivery::{Delivery, event_type};
use crate::facts::{short, text};
use crate::json::Json;
use crate::profile::{Id, Profile, Sample, sample};

/// Where an event names its object: of a merge the one that stays, of an association the one it starts from.
const OBJECT: &[&str] = &["primaryObjectId", "objectId", "fromObjectId"];

pub(crate) static HUBSPOT: Profile = Profile {
    name: "hubspot",
    auth: || Auth::scheme("hubspot"),
    ids: &[Id::Made(event_ids)],
    event_type: |d| event_type(&[d.scalar("subscriptionType").as_deref()]),
    entity,
    identity: &[
        "subscriptionType",
        "eventId",
        "portalId",
        "objectId",
        "objectTypeId",
        "primaryObjectId",
        "fromObjectId",
    ],
    actor: &["sourceId"],
    facts: &[
        short("event", &["subscriptionType"]),
        short("portal", &["portalId"]),
        short("object", OBJECT),
        short("object type", &["objectTypeId"]),
        short("property", &["propertyName"]),
        short("to object", &["toObjectId"]),
        short("association", &["associationType"]),
        short("association removed", &["associationRemoved"]),
        short("message", &["messageId"]),
        short("message type", &["messageType"]),
        short("change", &["changeFlag"]),
        short("changed by", &["changeSource"]),
        short("source", &["sourceId"]),
        short("at in milliseconds", &["occurredAt"]),
        text("value", &["propertyValue"]),
    ],
    split: Some(|body| body.items().collect()),
    event_types: &[
        "company.creation",
        "company.deletion",
        "company.merge",
        "company.propertyChange",
        "company.restore",
        "contact.associationChange",
        "contact.creation",
        "contact.deletion",
        "contact.merge",
        "contact.privacyDeletion",
        "contact.propertyChange",
        "contact.restore",
        "conversation.creation",
        "conversation.deletion",
        "conversation.newMessage",
        "conversation.privacyDeletion",
        "conversation.propertyChange",
        "deal.associationChange",
        "deal.creation",
        "deal.deletion",
        "deal.merge",
        "deal.propertyChange",
        "deal.restore",
        "line_item.creation",
        "line_item.propertyChange",
        "object.associationChange",
        "object.creation",
        "object.deletion",
        "object.merge",
        "object.propertyChange",
        "object.restore",
        "product.creation",
        "product.propertyChange",
        "ticket.creation",
        "ticket.deletion",
        "ticket.merge",
        "ticket.propertyChange",
        "ticket.restore",
    ],
    credentials: &["x-hubspot-signature", "x-hubspot-signature-v3"],
    sample: changes,
    ..Profile::BLANK
};

/// `hubspot:<portal>:contact:<id>`. Newer subscriptions call every type `object` and number it.
fn entity(d: &Delivery<'_>) -> Option<EntityKey> {
    let event = d.scalar("subscriptionType")?;
    let numbered = d.scalar("objectTypeId");
    let kind = match (event.split('.').next()?, numbered.as_deref()) {
        ("object", Some("0-1")) => "contact",
        ("object", Some("0-2")) => "company",
        ("object", Some("0-3")) => "deal",
        ("object", Some("0-5")) => "ticket",
        ("object", Some(number)) => number,
        (named, _) => named,
    };
    let key = format!("hubspot:{}:{kind}:{}", d.scalar("portalId")?, d.first(OBJECT)?);
    Some(EntityKey::fit(&key))
}

/// A retry counts its attempts inside the body, so only what identifies the events is the same again; an `eventId`
/// alone may come twice.
fn event_ids(d: &Delivery<'_>) -> Option<String> {
    let events = if d.item.is_object() { vec![d.item] } else { d.item.items().collect() };
    let ids: Option<Vec<_>> = events.into_iter().map(event_id).collect();
    let ids = ids.filter(|ids| !ids.is_empty())?;
    Some(admit::body_key(ids.join("\n").as_bytes()))
}

fn event_id(event: Json<'_>) -> Option<String> {
    let at = |name| event.get(name).and_then(Json::scalar);
    let object = OBJECT.iter().find_map(|name| at(name)).unwrap_or_default();
    let rest = ["portalId", "subscriptionId", "occurredAt"].map(|name| at(name).unwrap_or_default());
    Some(format!("{} {object} {}", at("eventId")?, rest.join(" ")))
}

fn changes(seed: u64) -> Sample {
    let change = |nth: u64, property: &str, value: &str| {
        json!({
            "eventId": seed.wrapping_mul(10) % 4_000_000_000 + nth, "subscriptionId": 42, "portalId": 62_515, "appId": 9,
            "occurredAt": 1_793_612_000_000_u64 + nth, "subscriptionType": "contact.propertyChange", "attemptNumber": 0,
            "objectId": 880_000 + seed % 1_000, "changeSource": "CRM", "propertyName": property, "propertyValue": value,
        })
    };
    sample(&[], json!([change(1, "lifecyclestage", "customer"), change(2, "hs_lead_status", "CONNECTED")]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BadBody;
    use crate::probe::{describe, entity, events, fact, fixture, key};

    #[test]
    fn every_item_is_an_event_of_its_own() {
        let body = fixture("hubspot/synth_batch_101_b10.json");
        let events = events(&HUBSPOT, &[], &body);
        assert_eq!(events.len(), 5);
        assert_eq!(entity(&events[0]), Some("hubspot:62515:contact:880194"));
        assert_eq!(entity(&events[4]), Some("hubspot:62515:contact:511621"));
        assert_eq!(fact(&events[4], "property"), Some("lifecyclestage"));
        assert_eq!(describe(&HUBSPOT, &[], &body), events[0]);
    }

    #[test]
    fn a_retry_has_the_key_of_the_first_attempt() {
        let body = String::from_utf8(fixture("hubspot/synth_batch_101_b10.json")).unwrap();
        let first = key(&HUBSPOT, &[], body.as_bytes()).unwrap();
        let retry = body.replace(r#""attemptNumber": 0"#, r#""attemptNumber": 3"#);
        assert_ne!(body, retry);
        assert_eq!(key(&HUBSPOT, &[], retry.as_bytes()).unwrap(), first);
        assert_ne!(key(&HUBSPOT, &[], body.replace("627802360", "627802361").as_bytes()).unwrap(), first);
    }

    #[test]
    fn numbered_types_merges_and_associations() {
        for (body, about) in [
            (
                r#"[{"eventId":1,"subscriptionType":"object.creation","objectTypeId":"0-3","portalId":9,"objectId":7}]"#,
                "hubspot:9:deal:7",
            ),
            (
                r#"[{"subscriptionType":"object.creation","objectTypeId":"2-77","portalId":9,"objectId":7}]"#,
                "hubspot:9:2-77:7",
            ),
            (
                r#"[{"subscriptionType":"contact.merge","portalId":9,"objectId":8,"primaryObjectId":7}]"#,
                "hubspot:9:contact:7",
            ),
            (
                r#"{"subscriptionType":"deal.associationChange","portalId":9,"fromObjectId":7,"toObjectId":8}"#,
                "hubspot:9:deal:7",
            ),
        ] {
            assert_eq!(entity(&describe(&HUBSPOT, &[], body.as_bytes())), Some(about), "{body}");
            assert!(key(&HUBSPOT, &[], body.as_bytes()).is_ok());
        }
    }

    #[test]
    fn odd_batches_are_taken_or_refused() {
        assert!(key(&HUBSPOT, &[], b"[]").is_ok());
        assert!(key(&HUBSPOT, &[], b"[1,null]").is_ok());
        assert_eq!(events(&HUBSPOT, &[], b"[]").len(), 1);
        assert_eq!(key(&HUBSPOT, &[], br#"[{"eventId":1,"eventId":2}]"#), Err(BadBody::DuplicateKey));
        assert_eq!(key(&HUBSPOT, &[], b"7"), Err(BadBody::UnexpectedShape));
    }
}
