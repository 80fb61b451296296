//! Groups of alerts as Alertmanager writes them and Grafana after it: their key, and what is in them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::delivery::{Delivery, event_type};
use crate::json::Json;
use crate::made_key;

/// The types their deliveries have.
pub(crate) const EVENT_TYPES: &[&str] = &["alert.firing", "alert.resolved"];

/// The state of the group.
pub(crate) fn kind(group: &Delivery<'_>) -> Option<String> {
    let status = group.scalar("status")?;
    event_type(&[Some("alert"), Some(&status)])
}

/// The key of a notification: the group, its state, and of every alert its fingerprint, start and state. A retry and a
/// reminder (`repeat_interval`) of the same state give the same key; an alert that joins, ends or starts anew does not.
///
/// An alert's own state belongs to it, for a group still says `firing` when one of its alerts is over. So does the
/// number of alerts that were cut off. `None` when something of it is missing.
pub(crate) fn key(group: &Delivery<'_>) -> Option<String> {
    let mut alerts = Vec::new();
    for alert in group.at("alerts")?.items() {
        let part = |name| alert.get(name).and_then(Json::scalar);
        alerts.push([part("fingerprint")?, part("startsAt")?, part("status")?]);
    }
    alerts.sort();
    let mut parts = vec![group.scalar("groupKey")?, group.scalar("status")?];
    parts.push(group.scalar("truncatedAlerts").unwrap_or(Cow::Borrowed("0")));
    parts.extend(alerts.into_iter().flatten());
    Some(made_key::of(parts))
}

/// The names of the group's alerts, each once.
pub(crate) fn names(alerts: Json<'_>) -> Cow<'_, str> {
    let names: BTreeSet<_> = alerts.items().filter_map(|alert| alert.path("labels.alertname")?.scalar()).collect();
    Cow::Owned(names.into_iter().collect::<Vec<_>>().join(", "))
}

/// `2 firing, 1 resolved`.
pub(crate) fn states(alerts: Json<'_>) -> Cow<'_, str> {
    let mut counts: BTreeMap<_, u32> = BTreeMap::new();
    for state in alerts.items().filter_map(|alert| alert.get("status")?.scalar()) {
        *counts.entry(state).or_default() += 1;
    }
    Cow::Owned(counts.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", "))
}

/// How many alerts the sender cut off; nothing for none.
pub(crate) fn cut_off(count: Json<'_>) -> Cow<'_, str> {
    count.scalar().filter(|count| count != "0").unwrap_or_default()
}

/// `name=value` of an object's members, apart by commas.
pub(crate) fn pairs(object: Json<'_>) -> Cow<'_, str> {
    let pairs = object.members().filter_map(|(name, value)| Some(format!("{name}={}", value.scalar()?)));
    Cow::Owned(pairs.collect::<Vec<_>>().join(", "))
}

/// One alert: state, since when, labels, what was measured, what it means, and where to look.
pub(crate) fn line(alert: Json<'_>) -> Cow<'_, str> {
    let text = |name: &str| alert.get(name).and_then(Json::scalar).filter(|value| !value.is_empty());
    let mut line = text("status").unwrap_or_default().into_owned();
    if let Some(start) = text("startsAt") {
        line.push_str(&format!(" since {start}"));
    }
    for (name, word) in [("labels", ":"), ("values", "; values "), ("annotations", "; ")] {
        if let Some(pairs) = alert.get(name).map(pairs).filter(|pairs| !pairs.is_empty()) {
            line.push_str(&format!("{word} {pairs}"));
        }
    }
    if let Some(link) = ["dashboardURL", "generatorURL"].into_iter().find_map(text) {
        line.push_str(&format!("; see {link}"));
    }
    Cow::Owned(line)
}
