//! Microsoft Graph: a batch of change notifications, most of which only say which resource to read.

use std::borrow::Cow;

use std::time::Duration;

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::{Delivery, event_type};
use crate::facts::{Fact, short, told};
use crate::handshake::echo_parameter;
use crate::json::Json;
use crate::made_key;
use crate::profile::{Id, Profile, Sample, sample};

pub(crate) static GRAPH: Profile = Profile {
    name: "graph",
    auth: || Auth::scheme("graph"),
    // A change of a drive says no more than that there was one, in the same words each time.
    repeats_after: Some(Duration::from_secs(60)),
    ids: &[Id::Made(key)],
    event_type: kind,
    entity,
    identity: &["value", "id", "changeType", "lifecycleEvent", "subscriptionId", "resource", "resourceData.id"],
    facts: FACTS,
    split: Some(|body| body.get("value").into_iter().flat_map(Json::items).collect()),
    event_types: &[
        "callrecord.created",
        "chatmessage.created",
        "chatmessage.deleted",
        "chatmessage.updated",
        "contact.created",
        "contact.deleted",
        "contact.updated",
        "driveitem.updated",
        "event.created",
        "event.deleted",
        "event.updated",
        "group.deleted",
        "group.updated",
        "lifecycle.missed",
        "lifecycle.reauthorizationRequired",
        "lifecycle.subscriptionRemoved",
        "message.created",
        "message.deleted",
        "message.updated",
        "presence.updated",
        "user.deleted",
        "user.updated",
    ],
    // Its notifications always have a body, and none of them is to be lost to a URL with such a parameter.
    greet: |_, request| echo_parameter(request, "POST", "validationToken"),
    sample: new_message,
    ..Profile::BLANK
};

/// Never `clientState`, which is a secret, nor `encryptedContent`.
const FACTS: &[Fact] = &[
    short("change", &["changeType"]),
    short("lifecycle event", &["lifecycleEvent"]),
    short("resource", &["resource"]),
    told("resource kind", &["resourceData"], |data| odata(data, "@odata.type").unwrap_or_default()),
    short("resource id", &["resourceData.id"]),
    told("version", &["resourceData"], |data| odata(data, "@odata.etag").unwrap_or_default()),
    told("content", &["encryptedContent"], |_| Cow::Borrowed("sent along, encrypted")),
    short("subscription", &["subscriptionId"]),
    short("subscription ends", &["subscriptionExpirationDateTime"]),
    short("tenant", &["tenantId", "organizationId"]),
];

/// A member whose name has a dot of its own, so that no path leads there.
fn odata<'a>(resource: Json<'a>, name: &str) -> Option<Cow<'a, str>> {
    resource.get(name)?.scalar().filter(|value| !value.is_empty())
}

/// `message.created`: what kind of thing, and what became of it.
fn kind(item: &Delivery<'_>) -> Option<String> {
    if let Some(lifecycle) = item.scalar("lifecycleEvent") {
        return event_type(&[Some("lifecycle"), Some(&lifecycle)]);
    }
    let thing = thing(item).unwrap_or_else(|| "resource".into());
    item.scalar("changeType").and_then(|change| event_type(&[Some(&thing), Some(&change)]))
}

fn entity(item: &Delivery<'_>) -> Option<EntityKey> {
    if item.has("lifecycleEvent") {
        return item.entity(&["subscription:{subscriptionId}"]);
    }
    let known = thing(item).and_then(|thing| item.entity(&[&format!("{thing}:{{resourceData.id}}")]));
    known.or_else(|| item.entity(&["resource:{resource}"]))
}

/// The kind of the resource, lower-case: its type's last part, else the last collection on its path.
fn thing(item: &Delivery<'_>) -> Option<String> {
    if let Some(full) = item.at("resourceData").and_then(|data| odata(data, "@odata.type")) {
        return full.rsplit(['.', '#']).next().filter(|name| is_word(name)).map(str::to_ascii_lowercase);
    }
    let resource = item.scalar("resource")?;
    if resource.to_ascii_lowercase().ends_with("drive/root") {
        return Some("driveitem".into());
    }
    let mut collections = resource.split('/').filter_map(|part| part.split('(').next()).filter(|part| is_word(part));
    collections.next_back().map(|name| name.strip_suffix('s').unwrap_or(name).to_ascii_lowercase())
}

fn is_word(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphabetic())
}

/// A notification's own id; else made of subscription, resource, its version and the change (a
/// deleted thing keeps the version it had). Without those, the body stands for itself.
fn key(body: &Delivery<'_>) -> Option<String> {
    let of_item = |item: Json<'_>| {
        let text = |path: &str| item.path(path).and_then(Json::scalar).filter(|value| !value.is_empty());
        if let Some(id) = text("id") {
            return Some(id.into_owned());
        }
        let change = || {
            let version = odata(item.get("resourceData")?, "@odata.etag")?;
            Some([text("subscriptionId")?, text("resource")?, version, text("changeType").unwrap_or_default()])
        };
        change().map(made_key::of)
    };
    made_key::of_batch(body.at("value")?.items().map(of_item).collect::<Option<_>>()?)
}

fn new_message(seed: u64) -> Sample {
    let resource = format!("users/4f2e/messages/AAMk{seed:08x}");
    let body = json!({ "value": [{
        "id": format!("note-{seed:08x}"), "subscriptionId": "0f4e9f0a-7c9d-4b6e-9f41-3f1d2f5e8a10",
        "subscriptionExpirationDateTime": "2026-11-05T09:30:00Z", "changeType": "created", "resource": resource,
        "clientState": "the-secret-of-a-sample",
        "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Message", "@odata.id": resource,
            "@odata.etag": format!("W/\"{seed}\""), "id": format!("AAMk{seed:08x}"),
        },
    }] });
    sample(&[], body)
}

#[cfg(test)]
mod tests {
    use crate::post::{Post, names};

    fn note(change: &str, etag: &str) -> String {
        let data = format!(r##"{{"@odata.type":"#Microsoft.Graph.Message","id":"m","@odata.etag":"{etag}"}}"##);
        format!(
            r#"{{"subscriptionId":"s","clientState":"hush-hush","changeType":"{change}","resource":"users/u/messages/m","resourceData":{data}}}"#
        )
    }

    fn batch(items: &[&str]) -> Post {
        Post::to("graph", format!(r#"{{"value":[{}],"validationTokens":["hush"]}}"#, items.join(",")))
    }

    #[test]
    fn a_batch_is_one_event_a_notification() {
        let drive = r#"{"changeType":"updated","resource":"me/drive/root","subscriptionId":"s"}"#;
        let event = r#"{"changeType":"deleted","resource":"Users('u')/Events('e')","subscriptionId":"s"}"#;
        let over = r#"{"lifecycleEvent":"subscriptionRemoved","subscriptionId":"s","resource":"x"}"#;
        let wanted = [
            ("message.created", "graph:message:m"),
            ("driveitem.updated", "graph:resource:me/drive/root"),
            ("event.deleted", "graph:resource:Users('u')/Events('e')"),
            ("lifecycle.subscriptionRemoved", "graph:subscription:s"),
        ];
        assert_eq!(names(&batch(&[&note("created", "1"), drive, event, over]).events()), wanted);
    }

    #[test]
    fn keys_follow_the_change_and_not_the_bytes() {
        let key = |items: &[&str]| batch(items).key().unwrap();
        let first = key(&[&note("updated", "1")]);
        assert_eq!(first, key(&[&note("updated", "1").replace(",", " , ")]));
        assert_ne!(first, key(&[&note("updated", "2")]));
        assert_ne!(first, key(&[&note("deleted", "1")]), "a deleted thing keeps its version");
        assert_ne!(first, key(&[&note("updated", "1"), &note("updated", "2")]));
        assert_eq!(key(&[r#"{"id":"own","subscriptionId":"s"}"#]), "own");
    }

    #[test]
    fn the_shared_secret_stays_out_of_the_summary() {
        let said = format!("{:?}", batch(&[&note("created", "1")]).events());
        assert!(!said.contains("hush"), "{said}");
    }
}
