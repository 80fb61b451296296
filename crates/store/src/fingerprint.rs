//! A digest over rows: equal tables give equal text, on either engine.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

#[derive(Default)]
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    /// Rows of a table follow.
    pub(crate) fn table(&mut self, name: &str) {
        self.part(name.as_bytes());
    }

    /// The next row, in key order.
    pub(crate) fn row(&mut self, row: &impl Serialize) {
        self.part(&serde_json::to_vec(row).unwrap_or_default());
    }

    /// Lower-case hex.
    pub(crate) fn finish(self) -> String {
        hookwheel_core::ids::hex(&self.0.finalize())
    }

    fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }
}
