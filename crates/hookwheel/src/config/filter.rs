//! Which events a webhook or a route takes: `events`, `deny_events`, `ignore_actors`, trigger fields, and `when`.

use std::collections::BTreeMap;

use hookwheel_core::filter::{EventFilter, TriggerField};
use hookwheel_runtime::settings::Table;
use hookwheel_sources::{self as sources, Source};

use super::when;

/// A place in the file whose entries may hold a `*` that is meant as one.
const MAY_HOLD_STARS: [TriggerField; 2] = [TriggerField::Labels, TriggerField::Resources];

/// The filter of a webhook or a route of this source.
pub(super) fn read(table: &Table<'_>, source: Option<&'static dyn Source>) -> EventFilter {
    let family = "name the type without its action: `issues` takes `issues.opened` and all others";
    EventFilter {
        allow: list(table, "events", Some(family)),
        deny: list(table, "deny_events", Some(family)),
        ignore_actors: list(table, "ignore_actors", Some("name each account, such as `dependabot[bot]`")),
        fields: fields(table, source),
        when: when::read(table),
    }
}

/// Exact entries. An empty list would be read by one person as everything and by the next as nothing.
fn list(table: &Table<'_>, key: &str, instead_of_star: Option<&str>) -> Vec<String> {
    let list = table.list(key);
    if table.kind(key) == Some("array") && list.is_empty() && is_empty_list(table, key) {
        table.mistake(key, format!("`{key}` is an empty list"), "remove it to take everything, or name what you want");
    }
    if let Some(remedy) = instead_of_star.filter(|_| list.iter().any(|entry| entry.contains('*'))) {
        table.mistake(key, format!("`{key}` takes no wildcards"), remedy);
    }
    if list.iter().any(|entry| entry.trim().is_empty() || entry.trim() != entry) {
        table.mistake(key, format!("`{key}` has an empty entry, or one with blanks around it"), "remove the blanks");
    }
    list
}

/// A list of something else than texts has been reported already.
fn is_empty_list(table: &Table<'_>, key: &str) -> bool {
    table.scalars(key).is_some_and(|all| all.is_empty())
}

fn fields(table: &Table<'_>, source: Option<&'static dyn Source>) -> BTreeMap<TriggerField, Vec<String>> {
    let read = |field: TriggerField| {
        let key = field.as_str();
        let stars = (!MAY_HOLD_STARS.contains(&field))
            .then_some("name each value; for a pattern use `when = { field = \"body...\", matches = \"^...\" }`");
        let values = list(table, key, stars);
        if let Some(source) = source.filter(|_| table.has(key)) {
            check_known(table, field, source);
        }
        (!values.is_empty()).then_some((field, values))
    };
    TriggerField::ALL.into_iter().filter_map(read).collect()
}

fn check_known(table: &Table<'_>, field: TriggerField, source: &dyn Source) {
    let known: Vec<_> = sources::trigger_fields(source.name()).map(|field| format!("`{field}`")).collect();
    if known.contains(&format!("`{field}`")) {
        return;
    }
    let what = format!("events of source \"{}\" have no `{field}`", source.name());
    let remedy = match known.as_slice() {
        [] => "use `when = { field = \"body...\", equals = .. }` instead".to_owned(),
        known => format!("they have {}; or use `when = {{ field = \"body...\", equals = .. }}`", known.join(", ")),
    };
    table.mistake(field.as_str(), what, remedy);
}
