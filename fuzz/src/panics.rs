//! Runs code that may panic, and says what it panicked with instead of printing it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

static HOOK: Once = Once::new();

/// What it returned, or the place and the words of its panic.
pub(crate) fn caught<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    HOOK.call_once(listen);
    WATCHED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(act));
    WATCHED.set(false);
    outcome.map_err(|_| SAID.take())
}

/// Keeps the words of watched panics; all others go where they went before.
fn listen() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if WATCHED.get() {
            SAID.set(info.to_string());
        } else {
            before(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[test]
    fn a_panic_becomes_its_words() {
        assert_eq!(caught(|| 7), Ok(7));
        let said = caught(|| panic!("of {}", 8)).unwrap_err();
        assert!(said.contains("of 8") && said.contains("panics.rs"), "{said}");
    }
}
