//! Secrets sealed at rest: each under a data key of its own, each data key under a master key, both bound to their place.
//!
//! A sealed secret is text: `hws1.<master key's id>.<sealed data key>.<sealed value>`, the last two base64url of a
//! nonce and what AES-256-GCM makes. Changing the master key seals the data keys again and leaves the values alone.

mod envelope;
mod keyring;
mod source;

pub use keyring::{BadKeys, Keyring};
pub use source::{KeyError, KeySource};

/// Where a sealed secret belongs. Moved elsewhere, to another webhook or another version, it cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// Whose installation it is in.
    pub tenant: &'a str,
    /// What it belongs to, such as a webhook's public id.
    pub owner: &'a str,
    /// Which of the owner's secrets it is.
    pub field: &'a str,
    /// Which version of it.
    pub version: u32,
}

impl Binding<'_> {
    /// Every part with its length before it, so that no two bindings give the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let version = self.version.to_be_bytes();
        let parts = [self.tenant.as_bytes(), self.owner.as_bytes(), self.field.as_bytes(), &version];
        parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat()).collect()
    }
}

/// Why a secret was not opened or sealed. Never what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not text that was made here.
    #[error("it is not a sealed secret of this version")]
    Malformed,
    /// The master key it was sealed under is not here.
    #[error("it is sealed under master key {0}, which this process does not have")]
    UnknownKey(String),
    /// Changed, or moved here from another place.
    #[error("it was changed, or sealed for another webhook or version")]
    Forged,
    /// The system gave no random bytes, or the value is too long to seal.
    #[error("the system's cryptography refused to work")]
    Failed,
}

#[cfg(test)]
mod tests;
