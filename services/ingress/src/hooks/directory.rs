//! Finding a webhook by the name in a URL.

use std::collections::HashMap;
use std::sync::Arc;

use hookwheel_core::Timestamp;
use hookwheel_log::BucketEntry;

use super::{Hook, Keys};

/// What CONFIG's keys of webhooks and of their sealed secrets begin with; a public id follows.
pub(super) const WEBHOOK: &str = "webhook.";
const SECRET: &str = "secret.";

/// All webhooks by slug and by public id.
#[derive(Default)]
pub(crate) struct Directory {
    by_name: HashMap<String, Arc<Hook>>,
    by_key: HashMap<String, Arc<Hook>>,
}

impl Directory {
    /// Reads every webhook of CONFIG. What cannot be read stays as it was before; each trouble is told in words that
    /// an operator can act on.
    pub(crate) fn read(
        entries: &[BucketEntry],
        before: Option<&Self>,
        keys: &mut Keys,
        now: Timestamp,
    ) -> (Self, Vec<String>) {
        let (mut directory, mut troubles) = (Self::default(), Vec::new());
        let sealed = entries.iter().filter_map(|entry| Some((entry.key.strip_prefix(SECRET)?, &*entry.value)));
        let sealed: HashMap<_, _> = sealed.collect();
        let webhooks = entries.iter().filter_map(|entry| Some((entry, entry.key.strip_prefix(WEBHOOK)?)));
        for (entry, id) in webhooks {
            match Hook::read(&entry.value, sealed.get(id).copied(), keys, now) {
                Ok(hook) => {
                    let unreadable = hook.secrets.unreadable.iter();
                    troubles.extend(unreadable.map(|cause| format!("webhook {}: {cause}", hook.webhook.slug)));
                    directory.add(entry.key.clone(), Arc::new(hook));
                }
                Err(cause) => {
                    troubles.push(format!("{}: {cause}", entry.key));
                    if let Some(hook) = before.and_then(|b| b.by_key.get(&entry.key)) {
                        directory.add(entry.key.clone(), Arc::clone(hook));
                    }
                }
            }
        }
        (directory, troubles)
    }

    /// The webhook of this slug or public id, enabled or not.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Hook>> {
        self.by_name.get(name)
    }

    /// The slugs of webhooks that this directory has and the other has not.
    pub(crate) fn without(&self, other: &Self) -> impl Iterator<Item = &str> {
        let gone = self.by_key.iter().filter(|(key, _)| !other.by_key.contains_key(*key));
        gone.map(|(_, hook)| hook.webhook.slug.as_str())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    fn add(&mut self, key: String, hook: Arc<Hook>) {
        self.by_name.insert(hook.webhook.slug.to_string(), Arc::clone(&hook));
        self.by_name.insert(hook.webhook.id.to_string(), Arc::clone(&hook));
        self.by_key.insert(key, hook);
    }
}
