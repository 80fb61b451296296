//! Content-addressed blobs, kept as chunks on the log itself, so that every back end has them (L17).

use std::sync::Arc;

use bytes::Bytes;

use crate::{Log, LogError};

/// SHA-256 of the content, 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobHash(String);

impl BlobHash {
    /// The address of these bytes.
    pub fn of(content: &[u8]) -> Self {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(content);
        Self(digest.iter().map(|b| format!("{b:02x}")).collect())
    }

    /// Takes an address that was written down earlier.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            Ok(Self(text.into()))
        } else {
            Err(LogError::Invalid { what: "blob hash", why: "64 lower-case hex digits".into() })
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Blobs under `hw.blob.<hash>.<chunk>` of the stream BLOBS.
#[derive(Clone)]
pub struct Blobs {
    log: Arc<dyn Log>,
}

impl Blobs {
    /// Blobs on this log.
    pub fn new(log: Arc<dyn Log>) -> Self {
        Self { log }
    }

    /// Stores the content, durably, and returns its address. Storing the same content again writes nothing.
    pub async fn put(&self, content: Bytes) -> Result<BlobHash, LogError> {
        let _ = (&self.log, content);
        todo!()
    }

    /// The content; [`LogError::Missing`] when it is not there or not whole.
    pub async fn get(&self, hash: &BlobHash) -> Result<Bytes, LogError> {
        let _ = hash;
        todo!()
    }
}
