//! API keys: `hwk_<id>_<secret>`, kept as their SHA-256 only.

use std::path::PathBuf;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// The keys that may ask. None means that nobody needs one.
#[derive(Default)]
pub struct Keys(Vec<Key>);

struct Key {
    name: String,
    digest: [u8; 32],
}

/// A key file cannot be used. Says where, never what.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read.
    #[error("API key file {path} cannot be read: {cause}")]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A line is not a key's.
    #[error("{path}:{line}: write `name: ` and the SHA-256 of the whole key as 64 hex digits")]
    BadLine {
        /// Its path.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// It holds no key at all.
    #[error("API key file {path} holds no key; add a line `name: ` and the SHA-256 of the whole key")]
    Empty {
        /// Its path.
        path: PathBuf,
    },
}

impl Keys {
    /// Reads all files. Blank lines and lines that begin with `#` are skipped.
    pub fn load(paths: &[PathBuf]) -> Result<Self, KeyError> {
        let mut keys = vec![];
        for path in paths {
            let text =
                std::fs::read_to_string(path).map_err(|cause| KeyError::Unreadable { path: path.clone(), cause })?;
            let before = keys.len();
            keys.extend(parse(&text).map_err(|line| KeyError::BadLine { path: path.clone(), line })?);
            if keys.len() == before {
                return Err(KeyError::Empty { path: path.clone() });
            }
        }
        Ok(Self(keys))
    }

    /// Whether nobody needs a key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of the key that was presented. Looks at every key, whichever matches.
    pub fn owner(&self, presented: &str) -> Option<&str> {
        let digest: [u8; 32] = Sha256::digest(presented).into();
        let mut owner = None;
        for key in &self.0 {
            let same: Choice = key.digest.ct_eq(&digest);
            if bool::from(same) {
                owner = Some(key.name.as_str());
            }
        }
        owner.filter(|_| well_formed(presented))
    }
}

/// `hwk_<id>_<secret>`, both of letters and digits.
fn well_formed(key: &str) -> bool {
    let alnum = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    key.strip_prefix("hwk_")
        .and_then(|rest| rest.split_once('_'))
        .is_some_and(|(id, secret)| alnum(id) && alnum(secret))
}

fn parse(text: &str) -> Result<Vec<Key>, usize> {
    let lines = text.lines().enumerate().map(|(n, line)| (n + 1, line.trim()));
    let meant = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    meant.map(|(n, line)| key(line).ok_or(n)).collect()
}

fn key(line: &str) -> Option<Key> {
    let (name, hex) = line.split_once(':')?;
    let (name, hex) = (name.trim(), hex.trim());
    if name.is_empty() || hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Key { name: name.to_owned(), digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "hwk_ops_0123456789abcdef";

    fn hex(key: &str) -> String {
        Sha256::digest(key).iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn the_owner_of_a_whole_key_is_found_and_nothing_less() {
        let keys =
            Keys(parse(&format!("# comment\n\nops: {}\nme:{}\n", hex(KEY), hex("hwk_me_x").to_uppercase())).unwrap());
        assert_eq!(keys.owner(KEY), Some("ops"));
        assert_eq!(keys.owner("hwk_me_x"), Some("me"));
        for wrong in ["", "hwk_ops_0123456789abcde", "hwk_ops_0123456789abcdeF", "ops", &hex(KEY)] {
            assert_eq!(keys.owner(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_hash_of_something_that_is_no_key_opens_nothing() {
        let keys = Keys(parse(&format!("empty: {}\nword: {}", hex(""), hex("password"))).unwrap());
        assert_eq!((keys.owner(""), keys.owner("password")), (None, None));
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        for text in ["ops", "ops: 12", &format!(": {}", hex(KEY)), &format!("ops: {}g", &hex(KEY)[1..])] {
            assert_eq!(parse(&format!("# x\n{text}")).err(), Some(2), "{text}");
        }
    }
}
