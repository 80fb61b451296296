//! The outside world's own count of what was done to it: the file the countable tool appends to.

use std::collections::BTreeMap;
use std::path::Path;

/// How often each call really had its effect, by `<run> <call key>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Witness(pub BTreeMap<String, u32>);

impl Witness {
    /// Reads the file; a missing one is an empty world.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(e),
        };
        let mut counts = BTreeMap::new();
        for line in text.lines() {
            let key = line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            *counts.entry(key).or_default() += 1;
        }
        Ok(Self(counts))
    }
}
