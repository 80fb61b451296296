//! Delivery keys made of several facts, for senders that give no id.

use hookwheel_core::ids::hex;
use sha2::{Digest as _, Sha256};

/// `sha256:<hex>` over the parts, each behind its length, so that no two lists of parts give the same key by chance.
pub(crate) fn of<T: AsRef<str>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref().as_bytes();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("sha256:{}", hex(&hash.finalize()))
}

/// The key of a batch: the only item's own, or one made of all items' keys in order.
pub(crate) fn of_batch(mut keys: Vec<String>) -> Option<String> {
    if keys.len() > 1 { Some(of(keys)) } else { keys.pop() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(of(["ab", "c"]), of(["a", "bc"]));
        assert_ne!(of(["a", ""]), of(["a"]));
        assert_eq!(of_batch(vec![]), None);
        assert_eq!(of_batch(vec!["a".into()]).unwrap(), "a");
        assert_ne!(of_batch(vec!["a".into(), "b".into()]), of_batch(vec!["b".into(), "a".into()]));
    }
}
