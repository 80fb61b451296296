//! Event types that a webhook's sender is not known to send: odd, but no mistake, for a sender may know more than we do.

use hookwheel_core::webhook::Webhook;
use hookwheel_runtime::settings::did_you_mean;

/// What is odd about a filter entry, and what to do about it.
pub(super) fn strangers(webhook: &Webhook) -> Vec<(String, String)> {
    let known = hookwheel_sources::source(&webhook.source).map_or(&[][..], |source| source.event_types());
    if known.is_empty() {
        return Vec::new();
    }
    let filters = std::iter::once((String::new(), &webhook.events))
        .chain(webhook.routes.iter().map(|route| (format!(" route {}", route.name), &route.events)));
    let entries = filters.flat_map(|(place, filter)| {
        let listed = [("events", &filter.allow), ("deny_events", &filter.deny)];
        listed.into_iter().flat_map(move |(key, list)| {
            list.iter().map({
                let place = place.clone();
                move |entry| (format!("webhook {}{place}: `{key}`", webhook.slug), entry)
            })
        })
    });
    entries.filter(|(_, entry)| !fits(entry, known)).map(|(place, entry)| odd(&place, entry, webhook, known)).collect()
}

/// An entry without a dot takes a whole family.
fn fits(entry: &str, known: &[&str]) -> bool {
    known.iter().any(|name| *name == entry || name.strip_prefix(entry).is_some_and(|rest| rest.starts_with('.')))
}

fn odd(place: &str, entry: &str, webhook: &Webhook, known: &[&str]) -> (String, String) {
    let what = format!("{place} names {entry:?}, which source {:?} is not known to send", webhook.source);
    let families = known.iter().filter_map(|name| Some(name.split_once('.')?.0));
    let near = did_you_mean(entry, known.iter().copied().chain(families));
    (what, near.unwrap_or_else(|| "leave it if the sender's own documentation has it".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_a_family_and_a_stranger() {
        let known = hookwheel_sources::source("github").unwrap().event_types();
        assert!(fits("issues.opened", known) && fits("issues", known) && !fits("issue", known));
        assert_eq!(did_you_mean("issues.opend", known.iter().copied()).unwrap(), "did you mean `issues.opened`?");
    }
}
