//! `hookwheel deliveries --rejected`: why does my webhook not fire? Samples of refused requests, and what to do.

use serde_json::Value;

use super::listing::{self, Column};
use crate::api::{Api, ApiArgs};
use crate::exit::Failure;
use crate::output::{self, Format, OutputArgs, Table};

const COLUMNS: &[Column] = &[
    ("at", "noticed_at"),
    ("webhook", "webhook"),
    ("refused because", "because"),
    ("from", "peer"),
    ("and more like it", "more"),
    ("headers", "headers"),
];

/// Lists them, newest first; of one webhook (id or slug) or of all.
pub(super) async fn list(
    webhook: Option<String>,
    limit: Option<String>,
    api: &ApiArgs,
    out: &OutputArgs,
) -> Result<(), Failure> {
    let query = [("kind", Some("rejected".to_owned())), ("webhook", webhook), ("limit", limit)];
    let page = Api::new(api)?.get(&["notices"], &query).await?;
    match out.format() {
        Format::Table => print(page.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()),
        format => listing::print_page(format, &page, COLUMNS),
    }
    Ok(())
}

fn print(items: &[Value]) {
    if items.is_empty() {
        return output::say("no request to a known webhook was refused");
    }
    let rows: Vec<_> = items.iter().map(readable).collect();
    listing::print_rows(&rows, COLUMNS);
    let mut remedies: Vec<_> =
        items.iter().filter_map(|item| Some((item.get("because")?, item.get("remedy")?))).collect();
    remedies.sort_by_key(|(because, _)| because.as_str());
    remedies.dedup();
    output::print("\nWHAT TO DO");
    let mut table = Table::facts();
    for (because, remedy) in remedies {
        table.row([listing::text(Some(because)), listing::text(Some(remedy))]);
    }
    table.print();
}

/// A record of an earlier release has a label and no words.
fn readable(item: &Value) -> Value {
    let names = item.get("headers").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    serde_json::json!({
        "noticed_at": item.get("at"),
        "webhook": item.get("webhook"),
        "because": item.get("because").or_else(|| item.get("rule")).or_else(|| item.get("reason")),
        "peer": item.get("peer"),
        "more": item.get("more"),
        "headers": names.collect::<Vec<_>>().join(" "),
    })
}
