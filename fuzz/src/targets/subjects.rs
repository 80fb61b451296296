//! Names that end up in addresses: ids, subjects, places, slugs. What is taken is safe there and says itself again.

use hookwheel_core::delivery::DeliveryKey;
use hookwheel_core::filter::Place;
use hookwheel_core::ids::{AgentName, DeliveryId, EntityKey, RunId, SessionId, Slug, SnapshotHash, WebhookId};
use hookwheel_log::{Subject, SubjectFilter};
use hookwheel_proto::topology;

use crate::{Target, trace};

pub(super) const TARGET: Target = Target {
    name: "subjects",
    holds: "no text that is taken as an id, a key or a subject can reach beyond its own token of an address",
    run,
    seeds,
    weight: 1,
};

macro_rules! taken {
    ($text:expr, $($id:ty)*) => {
        [$(<$id>::parse($text).ok().map(|id| {
            assert_eq!((id.as_str(), id.to_string().as_str()), ($text, $text));
            id.to_string()
        })),*]
    };
}

fn run(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    let text = text.as_ref();
    let ids = taken!(text, WebhookId Slug DeliveryId RunId SessionId SnapshotHash AgentName);
    for id in ids.iter().flatten() {
        assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{id:?} in an address");
    }
    let entity = EntityKey::fit(text);
    assert!((1..=256).contains(&entity.as_str().len()) && !entity.as_str().contains(char::is_control));
    assert_eq!(EntityKey::fit(entity.as_str()), entity, "what fits is kept");

    let webhook = WebhookId::parse("wh_0123456789abcdef").expect("a webhook id");
    let key = DeliveryKey::new(&webhook, text);
    let subject = topology::delivery_subject(&webhook, &key.hash);
    assert_eq!(subject.tokens().count(), 4, "a key reaches into the address");
    let other = DeliveryKey::new(&webhook, format!("{text}."));
    assert_ne!(key.hash, other.hash);

    let subject = Subject::new(text);
    if let Ok(subject) = &subject {
        assert!(subject.tokens().all(|token| !token.is_empty() && !token.contains(['*', '>', ' ', '.'])));
        assert!(SubjectFilter::Exactly(subject.clone()).takes(text));
        assert!(!SubjectFilter::Under(subject.clone()).takes(text));
        assert!(SubjectFilter::Under(subject.clone()).takes(&format!("{text}.x")));
    }
    let place = Place::parse(text);
    if let Ok(place) = &place {
        assert_eq!((place.to_string().as_str(), Place::parse(text).as_ref()), (text, Ok(place)));
    }
    trace((ids.map(|id| id.is_some()), subject.is_ok(), place.is_ok(), entity.as_str() == text))
}

fn seeds() -> Vec<Vec<u8>> {
    let written = [
        "wh_0123456789abcdef",
        "a-hook",
        "dlv_0190000000007000800000000000000a",
        "hw.delivery.wh_1.x",
        "*.>",
        "github:o/r:pr:7",
        "run_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "ses_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "body.a.b.0",
        "facts.title",
        "event.type",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "hw..x",
        "",
        "é",
    ];
    written.map(|text| text.as_bytes().to_vec()).to_vec()
}
