//! The facts of a summary as a table: each has a name and the places it may be in, first found first taken.

use std::borrow::Cow;

use hookwheel_core::event::Field;

use crate::json::Json;
use crate::summary::{SHORT, Summary, TEXT, cut};

/// So many items of a list are named; of the rest only the number.
const MAX_LISTED: usize = 10;

/// One fact: how it is called, and where and how it is read.
pub(crate) struct Fact {
    name: &'static str,
    places: &'static [&'static str],
    read: Read,
}

/// How a fact is read.
enum Read {
    /// A text, number or boolean, cut to so many characters.
    Scalar(usize),
    /// Any value as the JSON it was sent as, cut to so many characters.
    Raw(usize),
    /// What is at this path in each item of an array (`""`: the item itself), apart by commas.
    Names(&'static str),
    /// What is said of any value, cut to 256 characters.
    Told(for<'a> fn(Json<'a>) -> Cow<'a, str>),
    /// A line for each item of an array.
    Lines(for<'a> fn(Json<'a>) -> Cow<'a, str>),
}

/// A title, a name, a number: at most 256 characters.
pub(crate) const fn short(name: &'static str, places: &'static [&'static str]) -> Fact {
    Fact { name, places, read: Read::Scalar(SHORT) }
}

/// What somebody wrote: at most 2,000 characters.
pub(crate) const fn text(name: &'static str, places: &'static [&'static str]) -> Fact {
    Fact { name, places, read: Read::Scalar(TEXT) }
}

/// A value of any shape as JSON: at most `cap` characters.
pub(crate) const fn raw(name: &'static str, places: &'static [&'static str], cap: usize) -> Fact {
    Fact { name, places, read: Read::Raw(cap) }
}

/// The scalars at `item` in each item of an array (`""`: the items themselves), apart by commas; at most ten.
pub(crate) const fn names(name: &'static str, places: &'static [&'static str], item: &'static str) -> Fact {
    Fact { name, places, read: Read::Names(item) }
}

/// What this says of the value there, such as a count: at most 256 characters.
pub(crate) const fn told(
    name: &'static str,
    places: &'static [&'static str],
    say: for<'a> fn(Json<'a>) -> Cow<'a, str>,
) -> Fact {
    Fact { name, places, read: Read::Told(say) }
}

/// A line for each item of an array; at most ten.
pub(crate) const fn lines(
    name: &'static str,
    places: &'static [&'static str],
    line: for<'a> fn(Json<'a>) -> Cow<'a, str>,
) -> Fact {
    Fact { name, places, read: Read::Lines(line) }
}

/// All facts there are, in the table's order, but long texts last: no text somebody wrote pushes out a short fact.
pub(crate) fn gather<'a>(facts: &[Fact], at: impl Fn(&str) -> Option<Json<'a>>) -> Vec<Field> {
    let mut summary = Summary::new();
    for rank in 0..=2 {
        for fact in facts.iter().filter(|fact| fact.rank() == rank) {
            fact.add(&mut summary, &at);
        }
    }
    summary.finish()
}

impl Fact {
    /// The places it is looked for, dotted.
    #[cfg(test)]
    pub(crate) fn places(&self) -> &'static [&'static str] {
        self.places
    }

    /// Short facts come first, lists next, texts last.
    fn rank(&self) -> u8 {
        match self.read {
            Read::Scalar(cap) | Read::Raw(cap) if cap <= SHORT => 0,
            Read::Told(_) => 0,
            Read::Names(_) | Read::Lines(_) => 1,
            Read::Scalar(_) | Read::Raw(_) => 2,
        }
    }

    fn add<'a>(&self, summary: &mut Summary, at: &impl Fn(&str) -> Option<Json<'a>>) {
        let mut found = self.places.iter().filter_map(|place| at(place));
        match self.read {
            Read::Scalar(cap) => {
                let value = found.filter_map(Json::scalar).find(|value| !value.is_empty());
                summary.add(self.name, &value.unwrap_or_default(), cap);
            }
            Read::Raw(cap) => {
                let value = found.find(|value| !value.is_null());
                summary.add(self.name, value.map_or("", Json::raw), cap);
            }
            Read::Told(say) => summary.add(self.name, &found.next().map(say).unwrap_or_default(), SHORT),
            Read::Names(item) => {
                let named = |each: Json<'a>| each.path(item).and_then(Json::scalar).unwrap_or_default();
                list(summary, self.name, found.next().into_iter().flat_map(Json::items).map(named), ", ");
            }
            Read::Lines(line) => {
                list(summary, self.name, found.next().into_iter().flat_map(Json::items).map(line), "\n");
            }
        }
    }
}

/// `1f3e5a7c The first line of what its author wrote`, for an item with `id` (or `hash`) and `message`.
pub(crate) fn commit(commit: Json<'_>) -> Cow<'_, str> {
    let id = ["id", "hash"].iter().find_map(|name| commit.get(name)?.text()).unwrap_or_default();
    let short: String = id.chars().take(8).collect();
    let message = commit.get("message").and_then(Json::text).unwrap_or_default();
    Cow::Owned(format!("{short} {}", cut(message.lines().next().unwrap_or_default(), SHORT)))
}

fn list<T: AsRef<str>>(summary: &mut Summary, name: &str, items: impl Iterator<Item = T>, between: &str) {
    let mut count = 0;
    let mut text = String::new();
    for item in items.filter(|item| !item.as_ref().is_empty()) {
        count += 1;
        if count <= MAX_LISTED {
            if count > 1 {
                text.push_str(between);
            }
            text.push_str(&cut(item.as_ref(), SHORT));
        }
    }
    if count > MAX_LISTED {
        text.push_str(&format!("{between}… {} more", count - MAX_LISTED));
    }
    summary.add(name, &text, TEXT);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn the_first_place_that_says_something_counts_and_texts_come_last() {
        const FACTS: &[Fact] = &[
            text("body", &["a.body"]),
            short("title", &["a.none", "a.empty", "a.title"]),
            names("labels", &["l"], "n"),
        ];
        let body = json::parse(br#"{"a":{"body":"long","empty":"","title":7},"l":[{"n":"x"},{"m":"y"},{"n":"z"}]}"#);
        let fields = gather(FACTS, |path| body?.path(path));
        let pairs: Vec<_> = fields.iter().map(|f| (f.name.as_str(), f.value.as_str())).collect();
        assert_eq!(pairs, [("title", "7"), ("labels", "x, z"), ("body", "long")]);
    }

    #[test]
    fn of_a_long_list_ten_are_named_and_the_rest_counted() {
        let many = format!("[{}]", (0..25).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
        let fields = gather(&[names("numbers", &["x"], "")], |_| json::parse(many.as_bytes()));
        assert_eq!(fields[0].value, "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … 15 more");
    }
}
