//! Readiness: what must be well before traffic comes, gathered from the parts of a service.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Named conditions; ready when all hold and nobody drains.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<String, Result<(), String>>>>);

impl Readiness {
    /// Sets one condition. `Err` says what is wrong and the remedy.
    pub fn set(&self, name: &str, state: Result<(), String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), state);
    }

    /// Not ready any more, for good.
    pub fn drain(&self) {
        self.set("drain", Err("draining".into()));
    }

    /// Every condition that does not hold.
    pub fn failing(&self) -> Vec<(String, String)> {
        let conditions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        conditions.iter().filter_map(|(n, s)| s.as_ref().err().map(|why| (n.clone(), why.clone()))).collect()
    }
}
