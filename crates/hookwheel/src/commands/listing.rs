//! What `deliveries` and `runs` share: the window of a list, and rows of the API as a table.

use serde_json::Value;

use crate::output::{self, Format, Table};

/// A heading and the name of the field below it.
pub type Column = (&'static str, &'static str);

/// Which part of a list.
#[derive(Debug, clap::Args)]
pub struct Window {
    /// Received at or after, RFC 3339
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Received before, RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many, 1 to 200
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Go on where an earlier list ended
    #[arg(long)]
    cursor: Option<String>,
}

impl Window {
    /// How many, as a parameter of the API.
    pub fn limit(&self) -> Option<String> {
        Some(self.limit.to_string())
    }

    /// As parameters of the API.
    pub fn query(self) -> [(&'static str, Option<String>); 4] {
        [("since", self.since), ("until", self.until), ("limit", Some(self.limit.to_string())), ("cursor", self.cursor)]
    }
}

/// Writes a page as it was asked for.
pub fn print_page(format: Format, page: &Value, columns: &[Column]) {
    let items = page.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    match format {
        Format::Json => output::print_json(format, page),
        Format::Jsonl => items.iter().for_each(|item| output::print_json(format, item)),
        Format::Table => {
            print_rows(items, columns);
            say_what_is_left(page, items.len());
        }
    }
}

/// Writes rows as a table.
pub fn print_rows(rows: &[Value], columns: &[Column]) {
    let headings: Vec<_> = columns.iter().map(|(heading, _)| *heading).collect();
    let mut table = Table::new(&headings);
    for row in rows {
        table.row(columns.iter().map(|(_, field)| cell(field, row.get(*field))));
    }
    table.print();
}

/// A value in a list, where a whole second is enough of a time.
fn cell(field: &str, value: Option<&Value>) -> String {
    let text = text(value);
    match text.split_once('.') {
        Some((second, _)) if field.ends_with("_at") => format!("{second}Z"),
        _ => text,
    }
}

/// Adds a named fact, unless there is none.
pub fn fact(table: &mut Table, name: &str, value: Option<&Value>) {
    if let Some(value) = value.filter(|value| !value.is_null()) {
        table.row([name.replace('_', " "), text(Some(value))]);
    }
}

/// A value as a cell: absent and null are a dash.
pub fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".into(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn say_what_is_left(page: &Value, shown: usize) {
    if shown == 0 {
        output::say("nothing matches");
    }
    if let Some(cursor) = page.get("next_cursor").and_then(Value::as_str) {
        let total = text(page.get("total"));
        output::say(format!("{shown} of {total} shown; older ones: --cursor {}", output::shown(cursor)));
    }
}
