//! Every provider's scheme. A row says what differs from its [`HEX`] or [`BASE64`] pattern, and nothing else.

use hookwheel_core::webhook::{Encoding, Hash, KeyForm, TimeUnit};

use super::rule::{Family, KeyRule, Kind, Rule, Spelling, Time, TimeFrom, UrlForms};
use super::token::{Named, Place};

const SHA256: KeyRule = KeyRule::Mac(Hash::Sha256, KeyForm::Text);
const SHA1: KeyRule = KeyRule::Mac(Hash::Sha1, KeyForm::Text);

/// HMAC-SHA256 of the body with the secret's bytes, in hex, alone in its header, without a time.
pub(super) const HEX: Rule<'static> = Rule {
    name: "",
    aliases: &[],
    headers: &[],
    spelling: Spelling::After(""),
    encoding: Encoding::Hex,
    key: SHA256,
    template: "{body}",
    time: None,
    url: UrlForms::AsIs,
    body_hash: None,
};
/// The same in base64.
const BASE64: Rule<'static> = Rule { encoding: Encoding::Base64, ..HEX };

/// `<version>,<base64>` apart by blanks, over id, time and body.
const STANDARD: Rule<'static> = Rule {
    spelling: Spelling::Listed { between: b' ', mark: b',', versions: &[("v1", Kind::Mac), ("v1a", Kind::Ed25519)] },
    key: KeyRule::Standard,
    template: "{id}.{ts}.{body}",
    time: seconds(300),
    ..BASE64
};
const WEBHOOK: Family<'static> =
    Family { signature: "webhook-signature", id: Some("webhook-id"), time: Some("webhook-timestamp") };
const SVIX: Family<'static> = Family { signature: "svix-signature", id: Some("svix-id"), time: Some("svix-timestamp") };

/// `v1=<hex>` in a list apart by commas.
const V1_LIST: Spelling<'static> = Spelling::Listed { between: b',', mark: b'=', versions: &[("v1", Kind::Mac)] };

const fn alone(signature: &'static str) -> Family<'static> {
    Family { signature, id: None, time: None }
}

const fn timed(signature: &'static str, time: &'static str) -> Family<'static> {
    Family { signature, id: None, time: Some(time) }
}

const fn time(from: TimeFrom, unit: TimeUnit, tolerance: u32) -> Option<Time> {
    Some(Time { from, unit, tolerance })
}

const fn seconds(tolerance: u32) -> Option<Time> {
    time(TimeFrom::Header, TimeUnit::Seconds, tolerance)
}

pub(super) static GITHUB: Rule<'static> = Rule {
    name: "github_hmac_sha256",
    aliases: &["github"],
    headers: &[alone("x-hub-signature-256")],
    spelling: Spelling::After("sha256="),
    ..HEX
};

pub(super) static STANDARD_WEBHOOKS: Rule<'static> = Rule {
    name: "standard_webhooks",
    aliases: &["svix", "standard_webhooks_v1a"],
    headers: &[WEBHOOK, SVIX],
    ..STANDARD
};

/// The signing schemes that have no variant of their own in `Auth`.
#[rustfmt::skip]
pub(super) static RULES: &[Rule<'static>] = &[
    Rule {
        name: "github_hmac_sha1", headers: &[alone("x-hub-signature")],
        spelling: Spelling::After("sha1="), key: SHA1, ..HEX
    },
    Rule { name: "gitlab_signing_token", aliases: &["gitlab_signing"], headers: &[WEBHOOK], ..STANDARD },
    Rule {
        name: "stripe_webhook_signature", aliases: &["stripe"],
        headers: &[alone("stripe-signature")], spelling: V1_LIST, template: "{ts}.{body}",
        time: time(TimeFrom::List("t"), TimeUnit::Seconds, 300), ..HEX
    },
    Rule {
        name: "linear_webhook_signature", aliases: &["linear"], headers: &[alone("linear-signature")],
        time: time(TimeFrom::Body("webhookTimestamp"), TimeUnit::Millis, 60), ..HEX
    },
    Rule {
        name: "pagerduty_v2_signature", aliases: &["pagerduty_v3_signature", "pagerduty"],
        headers: &[alone("x-pagerduty-signature")], spelling: V1_LIST, ..HEX
    },
    Rule { name: "sentry_webhook_signature", aliases: &["sentry"], headers: &[alone("sentry-hook-signature")], ..HEX },
    // Unverified: no delivery of this sender was ever seen by us.
    Rule { name: "mintlify", headers: &[alone("x-mintlify-signature"), alone("mintlify-signature")], ..HEX },
    Rule {
        name: "slack", headers: &[timed("x-slack-signature", "x-slack-request-timestamp")],
        spelling: Spelling::After("v0="), template: "v0:{ts}:{body}", time: seconds(300), ..HEX
    },
    Rule {
        name: "discord", headers: &[timed("x-signature-ed25519", "x-signature-timestamp")],
        key: KeyRule::Ed25519Hex, template: "{ts}{body}", time: seconds(300), ..HEX
    },
    Rule { name: "shopify", headers: &[alone("x-shopify-hmac-sha256")], ..BASE64 },
    Rule {
        name: "twilio", headers: &[alone("x-twilio-signature")], key: SHA1, template: "{url}{form}",
        url: UrlForms::AnyUsualPort, body_hash: Some("bodySHA256"), ..BASE64
    },
    Rule { name: "bitbucket", headers: &[alone("x-hub-signature")], spelling: Spelling::After("sha256="), ..HEX },
    Rule { name: "jira", headers: &[alone("x-hub-signature")], spelling: Spelling::After("sha256="), ..HEX },
    Rule {
        name: "zoom", headers: &[timed("x-zm-signature", "x-zm-request-timestamp")],
        spelling: Spelling::After("v0="), template: "v0:{ts}:{body}", time: seconds(300), ..HEX
    },
    Rule { name: "grafana", headers: &[alone("x-grafana-alerting-signature")], ..HEX },
    Rule {
        name: "grafana_timestamp", aliases: &["grafana_ts"],
        headers: &[timed("x-grafana-alerting-signature", "x-grafana-alerting-timestamp")],
        template: "{ts}:{body}", time: seconds(300), ..HEX
    },
    Rule {
        name: "msteams", headers: &[alone("authorization")], spelling: Spelling::After("HMAC "),
        key: KeyRule::Mac(Hash::Sha256, KeyForm::Base64), ..BASE64
    },
    Rule { name: "asana", headers: &[alone("x-hook-signature")], ..HEX },
    Rule { name: "trello", headers: &[alone("x-trello-webhook")], key: SHA1, template: "{body}{url}", ..BASE64 },
    Rule { name: "dropbox", headers: &[alone("x-dropbox-signature")], ..HEX },
    Rule {
        name: "meta", aliases: &["whatsapp"],
        headers: &[alone("x-hub-signature-256")], spelling: Spelling::After("sha256="), ..HEX
    },
    Rule { name: "typeform", headers: &[alone("typeform-signature")], spelling: Spelling::After("sha256="), ..BASE64 },
    Rule {
        name: "hubspot", headers: &[timed("x-hubspot-signature-v3", "x-hubspot-request-timestamp")],
        template: "{method}{url}{body}{ts}", time: time(TimeFrom::Header, TimeUnit::Millis, 300),
        url: UrlForms::SomeDecoded, ..BASE64
    },
    Rule {
        name: "zendesk", headers: &[timed("x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp")],
        template: "{ts}{body}", time: time(TimeFrom::Header, TimeUnit::Rfc3339, 300), ..BASE64
    },
    Rule {
        name: "intercom", headers: &[alone("x-hub-signature")], spelling: Spelling::After("sha1="), key: SHA1, ..HEX
    },
    Rule {
        name: "twitch",
        headers: &[Family {
            signature: "twitch-eventsub-message-signature",
            id: Some("twitch-eventsub-message-id"),
            time: Some("twitch-eventsub-message-timestamp"),
        }],
        spelling: Spelling::After("sha256="), template: "{id}{ts}{body}",
        time: time(TimeFrom::Header, TimeUnit::Rfc3339, 600), ..HEX
    },
    Rule {
        name: "x", aliases: &["x_twitter", "twitter"],
        headers: &[alone("x-twitter-webhooks-signature")], spelling: Spelling::After("sha256="), ..BASE64
    },
    Rule {
        name: "gitea", aliases: &["forgejo", "gogs"],
        headers: &[alone("x-gitea-signature"), alone("x-forgejo-signature"), alone("x-gogs-signature")], ..HEX
    },
];

const BEARER: Place<'static> = Place::Header { name: "authorization", prefix: "Bearer " };

/// Providers that send a secret as it is.
pub(super) static TOKENS: &[Named] = &[
    Named {
        name: "gitlab_token",
        aliases: &["gitlab"],
        places: &[Place::Header { name: "x-gitlab-token", prefix: "" }],
    },
    Named { name: "alertmanager", aliases: &[], places: &[BEARER, Place::Basic] },
    Named { name: "datadog", aliases: &[], places: &[BEARER, Place::Basic] },
    Named { name: "cloudevents", aliases: &[], places: &[BEARER, Place::Query("access_token")] },
];

/// The scheme in which each item of the body repeats the secret.
pub(super) const GRAPH: &str = "graph";
/// Another name for it.
pub(super) const GRAPH_ALIAS: &str = "msgraph";
