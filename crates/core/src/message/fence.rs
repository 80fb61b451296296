//! The fence around a sender's words: two lines with a token that the sender cannot know.

use crate::ids::{DeliveryId, SnapshotHash, digest};

/// Brackets of the fence's own lines; in what is fenced they become plain ones.
const OPEN: char = '\u{27e6}';
const CLOSE: char = '\u{27e7}';

/// 80 bits in base32.
const TOKEN: usize = 16;

/// One delivery's fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    token: String,
}

impl Fence {
    /// The fence of this delivery, the same whenever it is derived. A sender cannot compute it: the delivery's id has
    /// random bits that were drawn after the body had been sent.
    pub fn derive(delivery: &DeliveryId, snapshot: &SnapshotHash, body: &[u8]) -> Self {
        let parts = [b"fence".as_slice(), delivery.as_str().as_bytes(), snapshot.as_str().as_bytes(), body];
        let mut token = digest(&parts);
        token.truncate(TOKEN);
        Self { token }
    }

    /// The line before what is fenced.
    pub fn opening(&self) -> String {
        format!("{OPEN}data {}{CLOSE}", self.token)
    }

    /// The line after it.
    pub fn closing(&self) -> String {
        format!("{OPEN}end {}{CLOSE}", self.token)
    }

    /// The text between its two lines, with every look-alike in it made harmless.
    pub fn around(&self, text: &str) -> String {
        let harmless = self.without_token(&text.replace(OPEN, "[[").replace(CLOSE, "]]"));
        let end = if harmless.is_empty() || harmless.ends_with('\n') { "" } else { "\n" };
        format!("{}\n{harmless}{end}{}\n", self.opening(), self.closing())
    }

    /// Whether a text holds this fence's token, in any case.
    pub(super) fn is_named_in(&self, text: &str) -> bool {
        text.to_ascii_lowercase().contains(&self.token)
    }

    fn without_token(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.to_ascii_lowercase().find(&self.token) {
            out.push_str(&rest[..at]);
            out.push_str("[fence]");
            rest = &rest[at + self.token.len()..];
        }
        out + rest
    }
}
