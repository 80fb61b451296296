//! Names of things. Each is checked once, where it enters, and is then known to be sound.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {kind}: {why}")]
pub struct BadId {
    /// Which kind of id was wanted.
    pub kind: &'static str,
    /// What was given, cut to 64 characters.
    pub text: String,
    /// What an id of this kind looks like.
    pub why: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $why:literal, $sound:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and takes the text.
            pub fn parse(text: impl Into<String>) -> Result<Self, BadId> {
                let text = text.into();
                let sound: fn(&str) -> bool = $sound;
                if sound(&text) {
                    Ok(Self(text))
                } else {
                    Err(BadId { kind: $kind, text: text.chars().take(64).collect(), why: $why })
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                Self::parse(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// Public id of a webhook: `wh_` and 16 to 40 of `[a-z0-9]`.
    WebhookId, "a webhook id", "wh_ and 16 to 40 of [a-z0-9]",
    |t| t.strip_prefix("wh_").is_some_and(|r| (16..=40).contains(&r.len()) && r.bytes().all(is_lower_alnum))
}
id! {
    /// What a person calls a webhook, in URLs and configuration: 1 to 64 of `[a-z0-9-]`.
    Slug, "a slug", "1 to 64 of [a-z0-9-], not starting with wh_",
    |t| (1..=64).contains(&t.len()) && t.bytes().all(|b| is_lower_alnum(b) || b == b'-')
}
id! {
    /// One delivery: `dlv_` and a UUID (version 7) as 32 hex digits.
    DeliveryId, "a delivery id", "dlv_ and 32 hex digits",
    |t| t.strip_prefix("dlv_").is_some_and(|r| r.len() == 32 && r.bytes().all(is_hex))
}
id! {
    /// One run: `run_` and 32 of base32, the hash of event, route and generation.
    RunId, "a run id", "run_ and 32 of [a-z2-7]",
    |t| t.strip_prefix("run_").is_some_and(|r| r.len() == 32 && r.bytes().all(is_base32))
}
id! {
    /// An agent's memory line: `ses_` and 32 of base32, the hash of what the session is about.
    SessionId, "a session id", "ses_ and 32 of [a-z2-7]",
    |t| t.strip_prefix("ses_").is_some_and(|r| r.len() == 32 && r.bytes().all(is_base32))
}
id! {
    /// SHA-256 of a configuration snapshot: 64 lower-case hex digits.
    SnapshotHash, "a snapshot hash", "64 lower-case hex digits",
    |t| t.len() == 64 && t.bytes().all(is_hex)
}
id! {
    /// An agent's name, which is its file's name: 1 to 64 of `[a-z0-9_-]`.
    AgentName, "an agent name", "1 to 64 of [a-z0-9_-]",
    |t| (1..=64).contains(&t.len()) && t.bytes().all(|b| is_lower_alnum(b) || b == b'-' || b == b'_')
}
id! {
    /// What an event is about, such as `github:o/r:pr:7`: at most 256 bytes, no control characters.
    EntityKey, "an entity key", "1 to 256 bytes without control characters",
    |t| (1..=256).contains(&t.len()) && !t.chars().any(char::is_control)
}

impl DeliveryId {
    /// From the 16 bytes of a version 7 UUID.
    pub fn from_uuid_bytes(bytes: [u8; 16]) -> Self {
        Self(format!("dlv_{}", hex(&bytes)))
    }
}

/// The name of an event: its delivery, and its place in it when the delivery is a batch. As text `dlv_…` or `dlv_…#3`,
/// the same each time the delivery is looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Its place in the batch, from 0; absent when the delivery is one event.
    pub index: Option<u32>,
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.index {
            Some(index) => write!(f, "{}#{index}", self.delivery),
            None => self.delivery.fmt(f),
        }
    }
}

impl RunId {
    /// The run that `route` starts for `delivery`; `generation` is 0 but for replays.
    pub fn derive(delivery: &DeliveryId, route: &str, generation: u32) -> Self {
        Self::of(delivery.as_str(), route, generation)
    }

    /// The run that `route` starts for this event; the same as [`RunId::derive`] when the delivery is one event.
    pub fn of_event(event: &EventId, route: &str, generation: u32) -> Self {
        Self::of(&event.to_string(), route, generation)
    }

    fn of(about: &str, route: &str, generation: u32) -> Self {
        Self(format!("run_{}", digest(&[b"run", about.as_bytes(), route.as_bytes(), &generation.to_be_bytes()])))
    }
}

impl SessionId {
    /// The session with this scope (webhook and route, say) and name (a delivery, an entity, a chosen name).
    pub fn derive(webhook: &WebhookId, scope: &str, name: &str) -> Self {
        Self(format!("ses_{}", digest(&[b"session", webhook.0.as_bytes(), scope.as_bytes(), name.as_bytes()])))
    }
}

impl SnapshotHash {
    /// The hash of these bytes.
    pub fn of(content: &[u8]) -> Self {
        Self(hex(&Sha256::digest(content)))
    }
}

impl EntityKey {
    /// Takes the text as it is when it fits, or its hash under the same `source:` when it is too long or unclean.
    pub fn fit(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| {
            let plain = |b: u8| is_lower_alnum(b) || b == b'-' || b == b'_';
            let source = text.split(':').next().filter(|s| s.len() <= 32 && s.bytes().all(plain));
            Self(format!("{}:hash:{}", source.unwrap_or("entity"), digest(&[b"entity", text.as_bytes()])))
        })
    }
}

/// 160 bits of SHA-256 over length-prefixed parts, in lower-case base32 (32 characters, safe in a subject).
pub fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    base32(&hash.finalize()[..20])
}

fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut bits, mut have) = (0u32, 0u32);
    for &byte in bytes {
        bits = (bits << 8) | u32::from(byte);
        have += 8;
        while have >= 5 {
            have -= 5;
            out.push(char::from(ALPHABET[((bits >> have) & 31) as usize]));
        }
    }
    if have > 0 {
        out.push(char::from(ALPHABET[((bits << (5 - have)) & 31) as usize]));
    }
    out
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

fn is_lower_alnum(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn is_hex(b: u8) -> bool {
    b.is_ascii_digit() || (b'a'..=b'f').contains(&b)
}

fn is_base32(b: u8) -> bool {
    b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)
}
