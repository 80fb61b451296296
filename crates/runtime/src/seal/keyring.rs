//! The master keys of a process: the first one seals, all of them open.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as TEXT};
use ring::hmac;

use super::envelope::{self, KEY_LEN, KeyBytes};
use super::{Binding, SealError};
use crate::secret::Secret;

const MARK: &str = "hws1";
/// Bytes of a key's id and of a fingerprint, before they are written in hex.
const SHORT: usize = 6;

/// Master keys, in the order they were given.
pub struct Keyring(Vec<MasterKey>);

/// One 32-byte key, and the keys made from it: no key has two uses.
struct MasterKey {
    id: String,
    wrapping: KeyBytes,
    fingerprints: hmac::Key,
}

/// The text is not a list of master keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// There is none.
    #[error("there is no key in it; write 32 random bytes in base64 or hex, such as `openssl rand -base64 32` gives")]
    None,
    /// A line is something else.
    #[error("line {0} is not a key: a key is 32 bytes in base64 or hex")]
    Malformed(usize),
}

impl Keyring {
    /// Reads one key a line, in hex or base64 of 32 bytes. Empty lines and lines that begin with `#` are skipped.
    pub fn parse(text: &[u8]) -> Result<Self, BadKeys> {
        let lines = text.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).enumerate();
        let written = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"));
        let keys =
            written.map(|(n, line)| decode(line).map(|key| MasterKey::new(&key)).ok_or(BadKeys::Malformed(n + 1)));
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(BadKeys::None) } else { Ok(Self(keys)) }
    }

    /// Seals a value under the first key.
    pub fn seal(&self, secret: &Secret, binding: &Binding<'_>) -> Result<String, SealError> {
        let data_key = envelope::random_key()?;
        let value = envelope::seal(&data_key, &binding.bytes(), secret.expose())?;
        self.write(&data_key, &TEXT.encode(value), binding)
    }

    /// Opens a value that was sealed for this place.
    pub fn open(&self, sealed: &str, binding: &Binding<'_>) -> Result<Secret, SealError> {
        let parts = Parts::read(sealed)?;
        let data_key = self.data_key(&parts, binding)?;
        let value = TEXT.decode(parts.value).map_err(|_| SealError::Malformed)?;
        let mut opened = envelope::open(&data_key, &binding.bytes(), &value)?;
        Ok(Secret::new(std::mem::take(&mut *opened)))
    }

    /// The same value under the first key; `None` when that is how it is sealed already.
    pub fn seal_again(&self, sealed: &str, binding: &Binding<'_>) -> Result<Option<String>, SealError> {
        let parts = Parts::read(sealed)?;
        if self.0.first().is_some_and(|first| first.id == parts.key) {
            return Ok(None);
        }
        let data_key = self.data_key(&parts, binding)?;
        self.write(&data_key, parts.value, binding).map(Some)
    }

    /// Tells values apart. Without the master key nobody can find the value by trying.
    pub fn fingerprint(&self, secret: &Secret) -> String {
        self.0.first().map(|key| short(&key.fingerprints, secret.expose())).unwrap_or_default()
    }

    fn write(&self, data_key: &KeyBytes, value: &str, binding: &Binding<'_>) -> Result<String, SealError> {
        let first = self.0.first().ok_or(SealError::Failed)?;
        let wrapped = envelope::seal(&first.wrapping, &binding.bytes(), data_key.as_ref())?;
        Ok(format!("{MARK}.{}.{}.{value}", first.id, TEXT.encode(wrapped)))
    }

    fn data_key(&self, parts: &Parts<'_>, binding: &Binding<'_>) -> Result<KeyBytes, SealError> {
        let key = self.0.iter().find(|key| key.id == parts.key);
        let key = key.ok_or_else(|| SealError::UnknownKey(parts.key.chars().take(2 * SHORT).collect()))?;
        let wrapped = TEXT.decode(parts.data_key).map_err(|_| SealError::Malformed)?;
        let opened = envelope::open(&key.wrapping, &binding.bytes(), &wrapped)?;
        let mut data_key = KeyBytes::default();
        let fits = opened.len() == KEY_LEN;
        fits.then(|| data_key.copy_from_slice(&opened)).ok_or(SealError::Malformed)?;
        Ok(data_key)
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl MasterKey {
    fn new(key: &KeyBytes) -> Self {
        let from = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
        let mut wrapping = KeyBytes::default();
        wrapping.copy_from_slice(hmac::sign(&from, b"hookwheel wrapping v1").as_ref());
        let fingerprints = hmac::sign(&from, b"hookwheel fingerprint v1");
        Self {
            id: short(&from, b"hookwheel key id v1"),
            wrapping,
            fingerprints: hmac::Key::new(hmac::HMAC_SHA256, fingerprints.as_ref()),
        }
    }
}

/// A sealed secret taken apart.
struct Parts<'a> {
    key: &'a str,
    data_key: &'a str,
    value: &'a str,
}

impl<'a> Parts<'a> {
    fn read(sealed: &'a str) -> Result<Self, SealError> {
        let mut parts = sealed.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(MARK), Some(key), Some(data_key), Some(value), None) => Ok(Self { key, data_key, value }),
            _ => Err(SealError::Malformed),
        }
    }
}

fn decode(line: &[u8]) -> Option<KeyBytes> {
    let mut key = KeyBytes::default();
    if line.len() == 2 * KEY_LEN {
        for (byte, two) in key.iter_mut().zip(line.chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()?;
        }
        return Some(key);
    }
    let decoded = zeroize::Zeroizing::new(STANDARD.decode(line).ok()?);
    (decoded.len() == KEY_LEN).then(|| key.copy_from_slice(&decoded))?;
    Some(key)
}

fn short(key: &hmac::Key, what: &[u8]) -> String {
    hmac::sign(key, what).as_ref().iter().take(SHORT).map(|byte| format!("{byte:02x}")).collect()
}
