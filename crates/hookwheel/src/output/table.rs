//! Columns for people.

use comfy_table::{ColumnConstraint, ContentArrangement, presets};

use super::{escape, print};

/// A terminal narrower than this says nothing about its width, or nobody could read a table there.
const NARROWEST: u16 = 60;

/// A table without lines, as wide as the terminal; the first column, which names the row, is never broken.
pub struct Table(comfy_table::Table);

impl Table {
    /// With these headings.
    pub fn new(headings: &[&str]) -> Self {
        let mut table = plain();
        table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
        Self(table)
    }

    /// Two columns without headings: name and value.
    pub fn facts() -> Self {
        Self(plain())
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
    pub fn print(mut self) {
        if let Some(first) = self.0.column_mut(0) {
            first.set_constraint(ColumnConstraint::ContentWidth);
        }
        for line in self.0.lines() {
            print(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        }
    }
}

fn plain() -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    let known = table.width().is_some_and(|width| width >= NARROWEST);
    let arrangement = if known { ContentArrangement::Dynamic } else { ContentArrangement::Disabled };
    table.load_style(presets::NOTHING).set_content_arrangement(arrangement);
    table
}
