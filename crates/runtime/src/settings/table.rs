//! A table of the file: what is in it, what was asked for, and what nobody asked for.

use std::cell::RefCell;

use toml_edit::{Item, TableLike, Value};

use super::{Reader, did_you_mean};

/// A table of the file, empty when the file has none. When it is dropped, every key that nobody asked for is a mistake.
pub struct Table<'r> {
    reader: &'r Reader,
    path: Vec<String>,
    items: Option<&'r dyn TableLike>,
    at: usize,
    asked: RefCell<Vec<String>>,
}

/// A setting's value and where it was found.
pub(super) enum Found<'r> {
    /// In the file.
    Written(&'r Item),
    /// In a variable of this name.
    Variable(String, &'r str),
}

impl Found<'_> {
    /// What it is, for "found ..".
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Written(item) => with_article(item.type_name()),
            Self::Variable(..) => "other text",
        }
    }
}

impl<'r> Table<'r> {
    pub(super) fn new(reader: &'r Reader, path: Vec<String>, items: Option<&'r dyn TableLike>, at: usize) -> Self {
        Self { reader, path, items, at, asked: RefCell::default() }
    }

    /// Its name as in the file, such as `server` or `webhooks.repo-bot`; empty for the outermost table.
    pub fn name(&self) -> String {
        self.path.join(".")
    }

    /// Whether the file or a variable sets the key. Counts as asking.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// What the key's value is (`string`, `integer`, `array`, `inline table`, `table`, ...). Counts as asking.
    pub fn kind(&self, key: &str) -> Option<&'static str> {
        self.find(key).map(|found| match found {
            Found::Written(item) => item.type_name(),
            Found::Variable(..) => "string",
        })
    }

    /// The keys that are in the file. Does not count as asking.
    pub fn keys(&self) -> Vec<String> {
        self.items.map(|items| items.iter().map(|(key, _)| key.to_owned()).collect()).unwrap_or_default()
    }

    /// Reports a mistake at the key's value, or at the table when the key is absent.
    pub fn mistake(&self, key: &str, what: impl Into<String>, remedy: impl Into<String>) {
        let (what, remedy) = (what.into(), remedy.into());
        match self.find(key) {
            Some(Found::Variable(name, _)) => self.reader.note_variable(&name, what, remedy),
            Some(Found::Written(item)) => self.reader.note_at(self.offset_of(key, item), what, remedy),
            None => self.reader.note_at(self.at, what, remedy),
        }
    }

    /// Takes whatever else is in the table without a report, after a mistake that makes the rest meaningless.
    pub fn ignore_rest(&self) {
        self.asked.borrow_mut().extend(self.keys());
    }

    /// A table inside this one, empty when absent. Ask for a table once: each copy reports what it was not asked for.
    pub fn table(&self, key: &str) -> Table<'r> {
        self.opt_table(key).unwrap_or_else(|| Table::new(self.reader, self.path_to(key), None, self.at))
    }

    /// A table inside this one, if there is one.
    pub fn opt_table(&self, key: &str) -> Option<Table<'r>> {
        self.ask(key);
        let item = self.items?.get(key)?;
        match item.as_table_like() {
            Some(inner) => Some(self.inside(key, self.path_to(key), inner, item)),
            None => {
                self.wrong_type(key, item, "a table", &format!("write it as `[{}]`", self.path_to(key).join(".")));
                None
            }
        }
    }

    /// The tables inside the table `key`, by their names: `[webhooks.one]`, `[webhooks.two]`.
    pub fn each_table(&self, key: &str) -> Vec<(String, Table<'r>)> {
        let outer = self.table(key);
        let names = outer.keys();
        names.into_iter().filter_map(|name| outer.opt_table(&name).map(|inner| (name, inner))).collect()
    }

    /// The tables of an array: `[[routes]]`, or `routes = [{ .. }]`, or a single `{ .. }`.
    pub fn tables(&self, key: &str) -> Vec<Table<'r>> {
        self.ask(key);
        let Some(item) = self.items.and_then(|items| items.get(key)) else { return vec![] };
        if let Some(inner) = item.as_table_like() {
            return vec![self.inside(key, self.path_to(key), inner, item)];
        }
        if let Some(tables) = item.as_array_of_tables() {
            let inner = tables.iter().enumerate();
            return inner
                .map(|(n, one)| Table::new(self.reader, self.nth(key, n), Some(one), start(one.span())))
                .collect();
        }
        let Some(array) = item.as_array() else {
            self.wrong_type(key, item, "a list of tables", &format!("write it as `{key} = [{{ .. }}]`"));
            return vec![];
        };
        array.iter().enumerate().filter_map(|(n, value)| self.element(key, n, value)).collect()
    }

    fn element(&self, key: &str, n: usize, value: &'r Value) -> Option<Table<'r>> {
        let at = start(value.span());
        let Some(inner) = value.as_inline_table() else {
            let what = format!("`{key}` should hold tables, found {}", with_article(value.type_name()));
            self.reader.note_at(at, what, "write each as `{ .. }`".to_owned());
            return None;
        };
        Some(Table::new(self.reader, self.nth(key, n), Some(inner), at))
    }

    pub(super) fn find(&self, key: &str) -> Option<Found<'r>> {
        self.ask(key);
        if let Some((name, text)) = self.reader.variable(&self.path, key) {
            return Some(Found::Variable(name, text));
        }
        self.items?.get(key).map(Found::Written)
    }

    fn wrong_type(&self, key: &str, item: &Item, wanted: &str, remedy: &str) {
        let what = format!("`{key}` should be {wanted}, found {}", with_article(item.type_name()));
        self.reader.note_at(self.offset_of(key, item), what, remedy.to_owned());
    }

    fn inside(&self, key: &str, path: Vec<String>, inner: &'r dyn TableLike, item: &Item) -> Table<'r> {
        Table::new(self.reader, path, Some(inner), self.offset_of(key, item))
    }

    fn ask(&self, key: &str) {
        let mut asked = self.asked.borrow_mut();
        if !asked.iter().any(|known| known == key) {
            asked.push(key.to_owned());
        }
    }

    fn path_to(&self, key: &str) -> Vec<String> {
        [self.path.as_slice(), &[key.to_owned()]].concat()
    }

    fn nth(&self, key: &str, n: usize) -> Vec<String> {
        [self.path_to(key).as_slice(), &[(n + 1).to_string()]].concat()
    }

    fn offset_of(&self, key: &str, item: &Item) -> usize {
        let of_key = || self.items.and_then(|items| items.key(key)).and_then(toml_edit::Key::span);
        item.span().or_else(of_key).map_or(self.at, |span| span.start)
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        let Some(items) = self.items else { return };
        let asked = self.asked.borrow();
        for (key, item) in items.iter().filter(|(key, _)| !asked.iter().any(|known| known == key)) {
            let place = if self.path.is_empty() { "this file".to_owned() } else { format!("[{}]", self.name()) };
            let known = || asked.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let remedy = did_you_mean(key, asked.iter().map(String::as_str))
                .unwrap_or_else(|| format!("remove it; known here: {}", known()));
            let at = items.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
            self.reader.note_at(start(at), format!("`{key}` is not a setting of {place}"), remedy);
        }
    }
}

pub(super) fn with_article(kind: &'static str) -> &'static str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "float" => "a fraction",
        "boolean" => "true or false",
        "datetime" => "a date",
        "array" | "array of tables" => "a list",
        "table" | "inline table" => "a table",
        other => other,
    }
}

fn start(span: Option<std::ops::Range<usize>>) -> usize {
    span.map_or(0, |span| span.start)
}
