//! Making text from outside harmless on a terminal.

/// One line: every control, direction and invisible character is written as an escape.
pub fn shown(text: &str) -> String {
    escape(text, |_| false)
}

/// Several lines: as [`shown`], but line feeds and tabs stay.
pub fn shown_block(text: &str) -> String {
    escape(text, |c| c == '\n' || c == '\t')
}

fn escape(text: &str, keep: fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if keep(c) || !is_treacherous(c) {
            out.push(c);
        } else {
            out.extend(c.escape_default());
        }
    }
    out
}

/// Moves the cursor, changes colours, reverses text or hides in it.
fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_cannot_speak_to_the_terminal() {
        assert_eq!(shown("a\u{1b}[31mred\u{7}\r\nb"), "a\\u{1b}[31mred\\u{7}\\r\\nb");
        assert_eq!(shown("abc\u{202e}cba\u{200b}"), "abc\\u{202e}cba\\u{200b}");
        assert_eq!(shown("a\u{ad}b\u{61c}c\u{fff9}"), "a\\u{ad}b\\u{61c}c\\u{fff9}");
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert_eq!(shown("Grüße, 世界 🎉"), "Grüße, 世界 🎉");
        assert_eq!(shown_block("one\n\ttwo\u{1b}"), "one\n\ttwo\\u{1b}");
    }
}
