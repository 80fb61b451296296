//! A summary within its caps: what an agent reads of a delivery before it asks for more.

use hookwheel_core::event::Field;

/// Characters of a title, a name or another short fact.
pub(crate) const SHORT: usize = 256;
/// Characters of a text somebody wrote.
pub(crate) const TEXT: usize = 2_000;
/// Characters of all names and values together.
pub(crate) const WHOLE: usize = 6_000;

/// Kept back for saying that facts were left out.
const RESERVE: usize = 40;

/// Gathers facts in reading order.
pub(crate) struct Summary {
    fields: Vec<Field>,
    left: usize,
    omitted: usize,
}

impl Summary {
    pub(crate) fn new() -> Self {
        Self { fields: Vec::new(), left: WHOLE - RESERVE, omitted: 0 }
    }

    /// Adds a fact, cut to `cap` characters and to what is left of the whole. Nothing is added for an empty value.
    pub(crate) fn add(&mut self, name: &str, value: &str, cap: usize) {
        let room = self.left.saturating_sub(name.len()).min(cap);
        if value.is_empty() {
            return;
        }
        if room < 64 && value.chars().nth(room).is_some() {
            self.omitted += 1;
            return;
        }
        let value = cut(value, room);
        self.left -= name.len() + value.chars().count();
        self.fields.push(Field { name: name.into(), value });
    }

    pub(crate) fn finish(mut self) -> Vec<Field> {
        if self.omitted > 0 {
            self.fields.push(Field { name: "left out".into(), value: format!("{} more facts", self.omitted) });
        }
        self.fields
    }
}

/// At most `cap` characters (at least 64), with a marker that gives the original length when something is missing.
pub(crate) fn cut(text: &str, cap: usize) -> String {
    if text.len() <= cap {
        return text.to_owned();
    }
    let length = text.chars().count();
    if length <= cap {
        return text.to_owned();
    }
    let marker = format!("… [cut; {length} characters]");
    let kept = cap.saturating_sub(marker.chars().count());
    text.chars().take(kept).chain(marker.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_on_characters_and_says_how_long_it_was() {
        let text = "ж".repeat(300);
        let short = cut(&text, SHORT);
        assert_eq!(short.chars().count(), SHORT);
        assert!(short.ends_with("… [cut; 300 characters]"));
        assert_eq!(cut(&text, 300), text);
    }

    #[test]
    fn the_whole_keeps_its_bound_and_says_what_is_missing() {
        let mut summary = Summary::new();
        for _ in 0..10 {
            summary.add("text", &"x".repeat(5_000), TEXT);
        }
        let fields = summary.finish();
        let size: usize = fields.iter().map(|f| f.name.len() + f.value.chars().count()).sum();
        assert!(size <= WHOLE, "{size}");
        assert_eq!(fields.last().unwrap().name, "left out");
    }
}
