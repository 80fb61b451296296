//! Finding a webhook by the name in a URL.

use std::collections::HashMap;
use std::sync::Arc;

use hookwheel_log::BucketEntry;

use super::Hook;

/// All webhooks by slug and by public id.
#[derive(Default)]
pub(crate) struct Directory {
    by_name: HashMap<String, Arc<Hook>>,
    by_key: HashMap<String, Arc<Hook>>,
}

impl Directory {
    /// Reads every webhook of CONFIG. What cannot be read stays as it was before; each trouble is told in words that
    /// an operator can act on.
    pub(crate) fn read(entries: &[BucketEntry], before: Option<&Self>) -> (Self, Vec<String>) {
        let (mut directory, mut troubles) = (Self::default(), Vec::new());
        for entry in entries.iter().filter(|entry| entry.key.starts_with("webhook.")) {
            match Hook::read(&entry.value) {
                Ok(hook) => {
                    troubles
                        .extend(hook.unreadable.iter().map(|cause| format!("webhook {}: {cause}", hook.webhook.slug)));
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
