//! Dropbox: only whose files changed; what changed is to be asked of its API.

use std::time::Duration;

use hookwheel_core::EntityKey;
use hookwheel_core::webhook::Auth;
use serde_json::json;

use crate::delivery::Delivery;
use crate::facts::{Fact, names, short};
use crate::handshake::echo_parameter;
use crate::json::Json;
use crate::profile::{Profile, Sample, sample};

pub(crate) static DROPBOX: Profile = Profile {
    name: "dropbox",
    auth: || Auth::scheme("dropbox"),
    // It says that something changed, in the same words each time; a retry comes sooner than this.
    repeats_after: Some(Duration::from_secs(60)),
    event_type: kind,
    entity,
    identity: &["list_folder.accounts"],
    facts: FACTS,
    split: Some(|body| body.path("list_folder.accounts").into_iter().flat_map(Json::items).collect()),
    event_types: &[CHANGED],
    greet: |_, request| echo_parameter(request, "GET", "challenge"),
    sample: two_accounts,
    ..Profile::BLANK
};

/// There is one kind of notification, named after the call that answers it.
const CHANGED: &str = "list_folder";

const FACTS: &[Fact] = &[short("account", &[""]), names("users", &["delta.users"], "")];

fn kind(item: &Delivery<'_>) -> Option<String> {
    item.whole.get("list_folder").or_else(|| item.whole.get("delta")).map(|_| CHANGED.to_owned())
}

fn entity(item: &Delivery<'_>) -> Option<EntityKey> {
    item.item.text().map(|account| EntityKey::fit(&format!("dropbox:account:{account}")))
}

fn two_accounts(seed: u64) -> Sample {
    let accounts = [format!("dbid:AAH{seed:08x}"), "dbid:AAG0000002a".to_owned()];
    sample(&[], json!({ "list_folder": { "accounts": accounts }, "delta": { "users": [12_345_678, 23_456_789] } }))
}

#[cfg(test)]
mod tests {
    use crate::post::{Post, names};

    #[test]
    fn each_account_is_an_event_of_its_own() {
        let post = Post::to("dropbox", r#"{"list_folder":{"accounts":["dbid:a","dbid:b"]},"delta":{"users":[1,2]}}"#);
        let wanted = [("list_folder", "dropbox:account:dbid:a"), ("list_folder", "dropbox:account:dbid:b")];
        assert_eq!(names(&post.events()), wanted);
        assert_eq!(post.fact("account").unwrap(), "dbid:a");
    }

    #[test]
    fn older_notifications_have_numbers_only() {
        let post = Post::to("dropbox", r#"{"delta":{"users":[1,2]}}"#);
        assert_eq!(names(&post.events()), [("list_folder", "")]);
        assert_eq!(post.fact("users").unwrap(), "1, 2");
        assert!(post.key().unwrap().starts_with("sha256:"));
    }
}
