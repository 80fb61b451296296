//! Text from outside made harmless for terminals and log viewers.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with control characters, line ends, bidirectional marks and invisible characters written as `\u{..}`
/// (`\n`, `\r` and `\t` in short form).
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00ad | 0x061c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb
            | 0xe0000..=0xe007f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_is_untouched_and_the_rest_is_spelt_out() {
        assert!(matches!(escaped("Grüße, 世界 🙂"), Cow::Borrowed(_)));
        assert_eq!(escaped("a\x1b[31m\nb"), "a\\u{1b}[31m\\nb");
        assert_eq!(escaped("x\u{202e}y\u{200b}z\u{e0041}"), "x\\u{202e}y\\u{200b}z\\u{e0041}");
    }
}
