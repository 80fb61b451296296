//! What is there, without any value: numbers, states, ends, fingerprints, keys.

use std::collections::HashMap;

use hookwheel_core::secret::Version;
use serde_json::json;

use super::List;
use crate::commands::endpoint::named;
use crate::commands::now;
use crate::exit::Failure;
use crate::output::{self, Format, Table};

pub(super) fn run(list: &List) -> Result<(), Failure> {
    let configuration = list.config.load()?;
    if let Some(slug) = &list.webhook {
        named(&list.config, &configuration, slug)?;
    }
    let webhooks = configuration.snapshots.iter().map(|one| (&one.webhook.id, one.webhook.slug.as_str()));
    let slugs: HashMap<_, _> = webhooks.collect();
    let rows = configuration.sealed.iter().flat_map(|(id, versions)| {
        let name = slugs.get(id).copied().unwrap_or(id.as_str());
        versions.live(now()).into_iter().map(move |version| (name, version))
    });
    let rows: Vec<_> = rows.filter(|(name, _)| list.webhook.as_deref().is_none_or(|wanted| wanted == *name)).collect();
    if list.output.format() != Format::Table {
        let items: Vec<_> = rows.iter().map(|(name, version)| as_json(name, version)).collect();
        output::print_json(list.output.format(), &json!({ "items": items }));
        return Ok(());
    }
    let mut table = Table::new(&["webhook", "version", "state", "made", "ends", "fingerprint", "master key"]);
    for (name, version) in rows {
        let ends = version.expires.map_or_else(|| "-".to_owned(), |end| end.rfc3339());
        table.row([
            name,
            &version.number.to_string(),
            version.state.as_str(),
            &version.created.rfc3339(),
            &ends,
            &version.fingerprint,
            master_key(version),
        ]);
    }
    table.print();
    Ok(())
}

fn as_json(name: &str, version: &Version) -> serde_json::Value {
    json!({
        "webhook": name,
        "version": version.number,
        "state": version.state.as_str(),
        "created": version.created.rfc3339(),
        "expires": version.expires.map(|end| end.rfc3339()),
        "fingerprint": version.fingerprint,
        "master_key": master_key(version),
    })
}

/// The id of the key it is sealed under.
fn master_key(version: &Version) -> &str {
    version.sealed.split('.').nth(1).unwrap_or_default()
}
