//! What the senders know: every request they made and every answer they got.

use std::collections::{BTreeMap, BTreeSet};

/// One sender's view of one delivery key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Delivery ids in 2xx answers. More than one is a breach.
    pub acknowledged: BTreeSet<String>,
    /// 2xx answers.
    pub ok: u32,
    /// Answers that were not 2xx: the sender was told that it is not stored.
    pub refused: u32,
    /// No answer: it may be stored or not.
    pub indeterminate: u32,
}

/// Every delivery key that was ever sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger(pub BTreeMap<String, Sent>);

/// How one request ended for its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200 or 202 with this delivery id.
    Ok(String),
    /// Another status.
    Refused(u16),
    /// The connection broke or the bound passed.
    Lost,
}

impl Ledger {
    /// Writes one answer down.
    pub fn note(&mut self, key: &str, answer: Answer) {
        let sent = self.0.entry(key.into()).or_default();
        match answer {
            Answer::Ok(id) => {
                sent.ok += 1;
                sent.acknowledged.insert(id);
            }
            Answer::Refused(_) => sent.refused += 1,
            Answer::Lost => sent.indeterminate += 1,
        }
    }

    /// Keys with at least one 2xx.
    pub fn acknowledged(&self) -> usize {
        self.0.values().filter(|s| s.ok > 0).count()
    }
}
