//! A webhook as configured: how it authenticates, what it lets through, and where that goes.

use serde::{Deserialize, Serialize};

use crate::filter::EventFilter;
use crate::ids::{AgentName, Slug, WebhookId};
use crate::limit::Limits;
use crate::network::Network;
use crate::time::Timestamp;

/// One configured endpoint. Immutable once it is part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Public id.
    pub id: WebhookId,
    /// The name in its URL.
    pub slug: Slug,
    /// Whether it takes deliveries; a disabled one answers like an unknown one.
    pub enabled: bool,
    /// Name of the source profile: `github`, `standard_webhooks`, `generic`, ...
    pub source: String,
    /// How senders prove themselves.
    pub auth: Auth,
    /// The live secrets; any of them may match. Empty only with [`Auth::None`].
    pub secrets: Vec<SecretRef>,
    /// Which event types go on.
    pub events: EventFilter,
    /// Largest body taken, bytes.
    pub max_body: u64,
    /// JSON pointers tried in order for the entity key (generic profile only).
    pub entity_pointers: Vec<String>,
    /// Header or JSON pointer that carries the delivery key (generic profile only).
    pub delivery_key: Option<KeyFrom>,
    /// Scheme, host and port under which senders know us, such as `https://hooks.example.com`; some of them sign it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_base_url: Option<String>,
    /// The path senders use where a proxy rewrites it, such as `/in/github`; ours if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_path: Option<String>,
    /// What the provider must name to subscribe us; the live secrets if absent (Meta).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_token: Option<SecretRef>,
    /// Until when a provider that chooses the secret itself may do so; never if absent (Asana).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairing_until: Option<Timestamp>,
    /// Who may send, how it is answered, and how much may start.
    #[serde(default, skip_serializing_if = "Gate::is_open")]
    pub gate: Gate,
    /// Where events go.
    pub routes: Vec<Route>,
}

/// What stands at a webhook's door beside its secret. Open by default: nothing is limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Only from these addresses; from all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_from: Vec<Network>,
    /// Whether senders always hear 200 `{"ok":true}`, whatever became of the delivery, except for faults of ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
    /// Whether a body that was taken before is a repeat under any delivery key: for senders that do not sign their ids.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replay_guard: bool,
    /// How much may start.
    #[serde(default)]
    pub limits: Limits,
}

impl Gate {
    fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a request from this address may come in.
    pub fn admits(&self, address: std::net::IpAddr) -> bool {
        self.allow_from.is_empty() || self.allow_from.iter().any(|network| network.contains(address))
    }
}

/// Where a secret is to be read by the process that needs it; the secret itself is never in a configuration record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretRef {
    /// An environment variable's name.
    Env(String),
    /// A file's path; its bytes are the secret, without one trailing newline.
    File(String),
    /// The live versions of the owner's sealed secret, which stand beside the owner's record and not in it.
    Sealed,
}

/// Where the generic profile finds a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyFrom {
    /// A header's name.
    Header(String),
    /// A JSON pointer into the body.
    Body(String),
}

/// How a sender proves itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mode")]
pub enum Auth {
    /// Everyone may post. Only when written explicitly.
    None,
    /// `X-Hub-Signature-256: sha256=<hex>` over the raw body.
    GithubHmacSha256,
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature` (Standard Webhooks; `svix-` names too).
    StandardWebhooks,
    /// An HMAC over the raw body in a header of the operator's choice.
    Hmac(HmacScheme),
    /// A header that equals the secret.
    StaticHeader {
        /// The header's name.
        header: String,
    },
    /// `Authorization: Bearer <secret>`.
    Bearer,
    /// `Authorization: Basic`; the secret is `user:password`.
    Basic,
    /// A parameter of the URL's query that equals the secret.
    QueryToken {
        /// The parameter's name.
        parameter: String,
    },
    /// A provider's own scheme, one of the table in `sources`.
    Scheme {
        /// Its name there, such as `slack`. An unknown one refuses everything.
        name: String,
        /// How far a signed time may be from ours, seconds, both ways; the scheme's own if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tolerance: Option<u32>,
    },
}

impl Auth {
    /// The provider's scheme of this name, as the provider describes it.
    pub fn scheme(name: impl Into<String>) -> Self {
        Self::Scheme { name: name.into(), tolerance: None }
    }
}

/// The generic HMAC: what is signed and how the signature is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HmacScheme {
    /// Header that carries the signature.
    pub header: String,
    /// Text before the signature, such as `sha256=`; compared without regard to ASCII case.
    pub prefix: String,
    /// How the signature's bytes are written.
    pub encoding: Encoding,
    /// The hash.
    pub hash: Hash,
    /// What is signed: text with `{id}`, `{ts}`, `{body}`, `{method}` and `{url}`; the body alone if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Header that carries `{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_header: Option<String>,
    /// Where `{ts}` comes from and how old it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<SignedTime>,
    /// How the secret's text becomes the key.
    #[serde(default, skip_serializing_if = "KeyForm::is_text")]
    pub key: KeyForm,
}

impl HmacScheme {
    /// An HMAC over the raw body and nothing else.
    pub fn over_body(header: impl Into<String>, prefix: impl Into<String>, encoding: Encoding, hash: Hash) -> Self {
        let (header, prefix) = (header.into(), prefix.into());
        Self { header, prefix, encoding, hash, template: None, id_header: None, time: None, key: KeyForm::Text }
    }
}

/// A time that is part of what is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTime {
    /// Header that carries it.
    pub header: String,
    /// How it is written; it is signed as sent.
    pub unit: TimeUnit,
    /// How far it may be from ours, seconds, both ways.
    pub tolerance: u32,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Whole seconds since 1970.
    Seconds,
    /// Whole milliseconds since 1970.
    Millis,
    /// RFC 3339 text.
    Rfc3339,
}

/// How a secret's text becomes a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyForm {
    /// Its bytes are the key.
    #[default]
    Text,
    /// It spells the key in hex.
    Hex,
    /// It spells the key in base64, padded or not.
    Base64,
}

impl KeyForm {
    fn is_text(&self) -> bool {
        *self == Self::Text
    }
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Hex, either case.
    Hex,
    /// Standard alphabet with padding.
    Base64,
}

/// Hash of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hash {
    /// HMAC-SHA1.
    Sha1,
    /// HMAC-SHA256.
    Sha256,
    /// HMAC-SHA512.
    Sha512,
}

/// Webhook and filter to action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Unique in its webhook; part of the run's identity.
    pub name: String,
    /// Which of the webhook's events this route takes.
    pub events: EventFilter,
    /// What happens.
    pub action: Action,
    /// Whose memory the run has.
    pub session: SessionMode,
    /// The operator's words after the delivery's summary.
    pub prompt_suffix: Option<String>,
}

/// What a route starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Run this agent.
    Agent(AgentName),
}

/// Whose memory a run has, and with which runs it must not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// Its own; overlaps with nothing. Each event of a batch is alone too.
    PerDelivery,
    /// The entity's: one run at a time, in arrival order. Without an entity as `PerDelivery`.
    PerEntity,
}
