//! Text as stored. Postgres refuses U+0000 in text, so it is escaped, reversibly, and the same way on both engines.
//!
//! U+001A, which no sender has a use for, becomes the escape: `U+0000` is stored as `U+001A 0`, `U+001A` itself as
//! `U+001A 1`. All other text is stored as it is, so that people can query it.

const ESCAPE: char = '\u{1a}';

/// As stored.
pub(crate) fn pack(text: impl Into<String>) -> String {
    let text = text.into();
    if !text.contains(['\0', ESCAPE]) {
        return text;
    }
    let mut packed = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0' => packed.extend([ESCAPE, '0']),
            ESCAPE => packed.extend([ESCAPE, '1']),
            other => packed.push(other),
        }
    }
    packed
}

/// As it was.
pub(crate) fn unpack(packed: String) -> String {
    if !packed.contains(ESCAPE) {
        return packed;
    }
    let mut text = String::with_capacity(packed.len());
    let mut chars = packed.chars();
    while let Some(c) = chars.next() {
        match c {
            ESCAPE => text.push(if chars.next() == Some('0') { '\0' } else { ESCAPE }),
            other => text.push(other),
        }
    }
    text
}

/// A header's value for people: bytes that are not UTF-8 as `\xNN`.
pub(crate) fn lossless(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.utf8_chunks().fold(String::with_capacity(bytes.len()), |mut text, chunk| {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back() {
        for text in
            ["", "plain", "\0", "\u{1a}", "\u{1a}0", "\u{1a}\0", "a\0b\u{1a}1\u{1a}", "\u{1f980}\u{202e}\u{feff}"]
        {
            let packed = pack(text);
            assert!(!packed.contains('\0'), "{packed:?}");
            assert_eq!(unpack(packed), text);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_written_out() {
        assert_eq!(lossless(b"caf\xc3\xa9 \xff\xfe!"), "café \\xff\\xfe!");
    }
}
