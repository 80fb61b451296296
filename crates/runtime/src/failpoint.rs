//! Named places where a test can kill the process, as `kill -9` would.
//!
//! `HOOKWHEEL_FAILPOINT=ingress.appended=3` kills at the third pass. Only in builds with debug assertions or with the
//! feature `failpoints`; elsewhere [`hit`] is empty.

/// Passes a named place; does not return if it is the one to die at.
#[cfg(any(debug_assertions, feature = "failpoints"))]
pub fn hit(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static TARGET: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSES: AtomicU64 = AtomicU64::new(0);

    let target = TARGET.get_or_init(|| {
        let text = std::env::var("HOOKWHEEL_FAILPOINT").ok()?;
        let (name, nth) = text.split_once('=').unwrap_or((&text, "1"));
        Some((name.to_owned(), nth.parse().ok()?))
    });
    if let Some((wanted, nth)) = target
        && wanted == name
        && PASSES.fetch_add(1, Ordering::SeqCst) + 1 == *nth
    {
        let _ = nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL);
        std::process::abort();
    }
}

/// Passes a named place.
#[cfg(not(any(debug_assertions, feature = "failpoints")))]
#[inline(always)]
pub fn hit(_name: &str) {}
