//! Secrets: bytes that never print.

use std::path::Path;

use zeroize::Zeroizing;

/// Bytes that never print, and are wiped when they are dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

/// A secret could not be read. Says where from, never what.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("environment variable {0} is not set")]
    NoVariable(String),
    /// The file cannot be read.
    #[error("secret file {path} cannot be read: {cause}")]
    NoFile {
        /// Its path.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// It holds nothing.
    #[error("secret from {0} is empty")]
    Empty(String),
}

impl Secret {
    /// Takes bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes, for the one place that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// From an environment variable, byte for byte.
    pub fn from_env(name: &str) -> Result<Self, SecretError> {
        use std::os::unix::ffi::OsStringExt as _;
        let value = std::env::var_os(name).ok_or_else(|| SecretError::NoVariable(name.into()))?;
        Self::not_empty(value.into_vec(), name)
    }

    /// From a file, without one trailing line end.
    pub fn from_file(path: &Path) -> Result<Self, SecretError> {
        let shown = path.display().to_string();
        let mut bytes = std::fs::read(path).map_err(|cause| SecretError::NoFile { path: shown.clone(), cause })?;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        Self::not_empty(bytes, &shown)
    }

    fn not_empty(bytes: Vec<u8>, from: &str) -> Result<Self, SecretError> {
        if bytes.is_empty() { Err(SecretError::Empty(from.into())) } else { Ok(Self::new(bytes)) }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
