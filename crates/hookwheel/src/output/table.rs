//! Columns for people.

use comfy_table::{ContentArrangement, presets};

use super::{escape, print};

/// A table without lines, as wide as the terminal.
pub struct Table(comfy_table::Table);

impl Table {
    /// With these headings.
    pub fn new(headings: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(headings.iter().map(|h| h.to_uppercase()));
        Self(table)
    }

    /// Two columns without headings: name and value.
    pub fn facts() -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        Self(table)
    }

    /// Adds a row; every cell is escaped.
    pub fn row<I>(&mut self, cells: I)
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.0.add_row(cells.into_iter().map(|cell| escape::shown(cell.as_ref())));
    }

    /// Writes it to stdout.
    pub fn print(&self) {
        print(self.0.trim_fmt());
    }
}
