//! What stands at a webhook's door beside its secret: `[limits]`, and the keys of each webhook.

use hookwheel_core::limit::{Limits, OnLimit};
use hookwheel_core::network::Network;
use hookwheel_core::webhook::Gate;
use hookwheel_runtime::settings::Table;

const PER_WEBHOOK: u64 = 60;
const ALL_TOGETHER: u64 = 300;
const MOST: u64 = 1_000_000;
const WORDS: &[(&str, OnLimit)] = &[("defer", OnLimit::Defer), ("reject", OnLimit::Reject)];

/// `[limits]`: what holds for all webhooks together, and for each that says nothing else.
pub(super) fn limits(root: &Table<'_>) -> Limits {
    let table = root.table("limits");
    Limits {
        webhook: set(table.u64("per_webhook", PER_WEBHOOK, 0..=MOST)),
        global: set(table.u64("global", ALL_TOGETHER, 0..=MOST)),
        on_limit: table.choice("on_limit", OnLimit::Defer, WORDS),
    }
}

/// The keys of one webhook.
pub(super) fn read(table: &Table<'_>, usual: Limits) -> Option<Gate> {
    let own = table.opt_u64("per_minute", 0..=MOST);
    let limits = Limits {
        webhook: own.map_or(usual.webhook, set),
        on_limit: table.choice("on_limit", usual.on_limit, WORDS),
        ..usual
    };
    let (quiet, replay_guard) = (table.bool("quiet", false), table.bool("replay_guard", false));
    Some(Gate { allow_from: networks(table, "allow_from")?, quiet, replay_guard, limits })
}

/// A list of addresses and ranges. `None` has been reported.
pub(super) fn networks(table: &Table<'_>, key: &str) -> Option<Vec<Network>> {
    let written = table.list(key);
    let (sound, wrong): (Vec<_>, Vec<_>) =
        written.iter().map(|text| text.parse::<Network>().map_err(|_| text)).partition(Result::is_ok);
    for text in wrong.iter().filter_map(|wrong| wrong.as_ref().err()) {
        let what = format!("`{key}` holds {text:?}, which is no address and no range of addresses");
        table.mistake(key, what, "write each like \"192.0.2.0/24\", \"2001:db8::/32\" or \"192.0.2.7\"");
    }
    wrong.is_empty().then(|| sound.into_iter().flatten().collect())
}

/// 0 stands for no limit.
fn set(limit: u64) -> Option<u32> {
    u32::try_from(limit).ok().filter(|limit| *limit > 0)
}
