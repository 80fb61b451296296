//! Typed settings out of a table. Each notes what is wrong and goes on, so that one pass finds every mistake.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::table::{Found, Table};
use super::{did_you_mean, units};
use crate::telemetry::escaped;

impl Table<'_> {
    /// Text, if set.
    pub fn opt_str(&self, key: &str) -> Option<String> {
        self.read(key, "text", "write it in quotes", |found| Ok(text_of(found)?.to_owned()))
    }

    /// Text, or the default.
    pub fn str(&self, key: &str, default: &str) -> String {
        self.opt_str(key).unwrap_or_else(|| default.to_owned())
    }

    /// Text that must be set; `example` is what one would write. `None` has been reported.
    pub fn required_str(&self, key: &str, example: &str) -> Option<String> {
        self.require(key, example);
        self.opt_str(key)
    }

    /// A path, if set.
    pub fn opt_path(&self, key: &str) -> Option<PathBuf> {
        self.opt_str(key).map(PathBuf::from)
    }

    /// Text of a checked type, if set. `wanted` completes "should be ..".
    pub fn parsed<T: FromStr<Err: Display>>(&self, key: &str, wanted: &str) -> Option<T> {
        let remedy = format!("write {wanted}");
        self.read(key, wanted, &remedy, |found| text_of(found)?.parse().map_err(|_| Wrong::Value))
    }

    /// Text of a checked type that must be set. `None` has been reported.
    pub fn required<T: FromStr<Err: Display>>(&self, key: &str, wanted: &str, example: &str) -> Option<T> {
        self.require(key, example);
        self.parsed(key, wanted)
    }

    /// True or false, if set.
    pub fn opt_bool(&self, key: &str) -> Option<bool> {
        self.read(key, "true or false", "write `true` or `false`, without quotes", |found| match found {
            Found::Written(item) => item.as_bool().ok_or(Wrong::Type),
            Found::Variable(_, text) => text.parse().map_err(|_| Wrong::Value),
        })
    }

    /// True or false, or the default.
    pub fn bool(&self, key: &str, default: bool) -> bool {
        self.opt_bool(key).unwrap_or(default)
    }

    /// A whole number in the range, if set.
    pub fn opt_u64(&self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.read(key, &wanted, &format!("write {wanted}"), |found| {
            let number = match found {
                Found::Written(item) => item.as_integer().ok_or(Wrong::Type)?.try_into().map_err(|_| Wrong::Value)?,
                Found::Variable(_, text) => text.parse().map_err(|_| Wrong::Value)?,
            };
            if range.contains(&number) { Ok(number) } else { Err(Wrong::Value) }
        })
    }

    /// A whole number in the range, or the default.
    pub fn u64(&self, key: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        self.opt_u64(key, range).unwrap_or(default)
    }

    /// A number from 0 to 1, or the default.
    pub fn ratio(&self, key: &str, default: f64) -> f64 {
        let read = self.read(key, "a number from 0 to 1", "write a number like `0.1`", |found| {
            let number = match found {
                Found::Written(item) if item.is_integer() => item.as_integer().map(|n| n as f64).ok_or(Wrong::Type)?,
                Found::Written(item) => item.as_float().ok_or(Wrong::Type)?,
                Found::Variable(_, text) => text.parse().map_err(|_| Wrong::Value)?,
            };
            if (0.0..=1.0).contains(&number) { Ok(number) } else { Err(Wrong::Value) }
        });
        read.unwrap_or(default)
    }

    /// A duration such as `"30s"` in the range, if set.
    pub fn opt_duration(&self, key: &str, range: RangeInclusive<Duration>) -> Option<Duration> {
        let (least, most) = (units::show_duration(*range.start()), units::show_duration(*range.end()));
        let wanted = format!("a duration from {least} to {most}");
        self.read(key, &wanted, "write it like \"30s\", with ms, s, m, h or d", |found| {
            units::duration(text_of(found)?).filter(|duration| range.contains(duration)).ok_or(Wrong::Value)
        })
    }

    /// A duration in the range, or the default.
    pub fn duration(&self, key: &str, default: Duration, range: RangeInclusive<Duration>) -> Duration {
        self.opt_duration(key, range).unwrap_or(default)
    }

    /// A size in bytes such as `"1MiB"` or `1048576` in the range, if set.
    pub fn opt_size(&self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let wanted = format!("a size from {} to {}", units::show_size(*range.start()), units::show_size(*range.end()));
        self.read(key, &wanted, "write it like \"1MiB\", or as a number of bytes", |found| {
            let bytes = match found {
                Found::Written(item) if item.is_integer() => item.as_integer().and_then(|n| n.try_into().ok()),
                found => units::size(text_of(found)?),
            };
            bytes.filter(|bytes| range.contains(bytes)).ok_or(Wrong::Value)
        })
    }

    /// A size in bytes in the range, or the default.
    pub fn size(&self, key: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        self.opt_size(key, range).unwrap_or(default)
    }

    /// One of these words, if set.
    pub fn opt_choice<T: Clone>(&self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let names = || choices.iter().map(|(name, _)| *name);
        let wanted = format!("one of {}", names().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", "));
        let near = self.find(key).and_then(|found| did_you_mean(text_of(&found).ok()?, names()));
        let remedy = near.unwrap_or_else(|| format!("write {wanted}"));
        self.read(key, &wanted, &remedy, |found| {
            let text = text_of(found)?;
            choices.iter().find(|(name, _)| *name == text).map(|(_, value)| value.clone()).ok_or(Wrong::Value)
        })
    }

    /// One of these words, or the default.
    pub fn choice<T: Clone>(&self, key: &str, default: T, choices: &[(&str, T)]) -> T {
        self.opt_choice(key, choices).unwrap_or(default)
    }

    /// A list of texts, empty when absent. One text is a list of one; a variable's texts stand between commas.
    pub fn list(&self, key: &str) -> Vec<String> {
        let remedy = format!("write it like `{key} = [\"one\", \"two\"]`");
        let read = self.read(key, "a list of texts", &remedy, |found| match found {
            Found::Variable(_, text) => {
                Ok(text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect())
            }
            Found::Written(item) => match (item.as_str(), item.as_array()) {
                (Some(one), _) => Ok(vec![one.to_owned()]),
                (_, Some(many)) => many.iter().map(|one| one.as_str().map(str::to_owned).ok_or(Wrong::Value)).collect(),
                _ => Err(Wrong::Type),
            },
        });
        read.unwrap_or_default()
    }

    fn require(&self, key: &str, example: &str) {
        if self.find(key).is_none() {
            let place = if self.name().is_empty() { "this file".to_owned() } else { format!("[{}]", self.name()) };
            self.mistake(key, format!("{place} lacks `{key}`"), format!("add `{key} = {example}`"));
        }
    }

    pub(super) fn read<T>(
        &self,
        key: &str,
        wanted: &str,
        remedy: &str,
        take: impl FnOnce(&Found<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        let found = self.find(key)?;
        let wrong = match take(&found) {
            Ok(value) => return Some(value),
            Err(wrong) => wrong,
        };
        let instead = match wrong {
            Wrong::Type => format!(", found {}", found.kind()),
            Wrong::Value => String::new(),
        };
        self.mistake(key, format!("`{}` should be {wanted}{instead}", escaped(key)), remedy);
        None
    }
}

/// What is wrong with a value. The value itself is never shown: it may be a secret in the wrong place.
pub(super) enum Wrong {
    Type,
    Value,
}

fn text_of<'f>(found: &'f Found<'_>) -> Result<&'f str, Wrong> {
    match found {
        Found::Written(item) => item.as_str().ok_or(Wrong::Type),
        Found::Variable(_, text) => Ok(text),
    }
}
