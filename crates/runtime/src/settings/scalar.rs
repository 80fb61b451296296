//! Values of any simple kind, for settings that are compared with something of the same kind.

use toml_edit::{Item, Value};

use super::read::Wrong;
use super::table::{Found, Table};

/// Text, a number, or true or false.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// In quotes, or from a variable.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A fraction; `inf` and `nan` too.
    Fraction(f64),
    /// `true` or `false`.
    Bool(bool),
}

impl Table<'_> {
    /// A simple value, if set.
    pub fn scalar(&self, key: &str) -> Option<Scalar> {
        self.read(key, "text, a number, or true or false", "write text in quotes, the others without", |found| {
            match found {
                Found::Variable(_, text) => Ok(Scalar::Text((*text).to_owned())),
                Found::Written(item) => of_item(item).ok_or(Wrong::Type),
            }
        })
    }

    /// A list of simple values, if set; a variable's stand between commas.
    pub fn scalars(&self, key: &str) -> Option<Vec<Scalar>> {
        let remedy = format!("write it like `{key} = [\"one\", 2]`");
        self.read(key, "a list of texts, numbers, true and false", &remedy, |found| match found {
            Found::Variable(_, text) => Ok(text.split(',').map(|one| Scalar::Text(one.trim().to_owned())).collect()),
            Found::Written(item) => {
                let items = item.as_array().ok_or(Wrong::Type)?;
                items.iter().map(|value| of_value(value).ok_or(Wrong::Value)).collect()
            }
        })
    }
}

fn of_item(item: &Item) -> Option<Scalar> {
    item.as_value().and_then(of_value)
}

fn of_value(value: &Value) -> Option<Scalar> {
    let text = value.as_str().map(|text| Scalar::Text(text.to_owned()));
    let whole = || value.as_integer().map(Scalar::Whole);
    let fraction = || value.as_float().map(Scalar::Fraction);
    let boolean = || value.as_bool().map(Scalar::Bool);
    text.or_else(whole).or_else(fraction).or_else(boolean)
}
