//! Remembers the last record of recently written subjects, so that most expectations need no look into the table.

use std::collections::HashMap;

use super::plan::Head;
use crate::Seq;

/// Subjects in one generation; two are kept.
const GENERATION: usize = 16 * 1024;

/// A bounded memory in two generations: when the young one is full it becomes the old one, and the old one is forgotten.
#[derive(Debug, Default)]
pub struct Heads {
    young: HashMap<String, Head>,
    old: HashMap<String, Head>,
}

impl Heads {
    /// The last record of a subject, if it is remembered; `None` says nothing about the table.
    pub fn get(&self, subject: &str) -> Option<&Head> {
        self.young.get(subject).or_else(|| self.old.get(subject))
    }

    /// Remembers the end of some subjects.
    pub fn extend(&mut self, heads: HashMap<String, Head>) {
        if self.young.len() + heads.len() > GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.extend(heads);
    }

    /// Forgets every record up to a position: they were removed from the table.
    pub fn forget_up_to(&mut self, bound: Seq) {
        self.young.retain(|_, head| head.seq > bound);
        self.old.retain(|_, head| head.seq > bound);
    }
}
