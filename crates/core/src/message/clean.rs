//! What is taken out of a sender's text before a model reads it: whatever a person looking at the text would not see.

use std::iter::Peekable;
use std::str::Chars;

const ESCAPE: char = '\u{1b}';

/// The text without control characters (but line feeds and tabs), terminal escape sequences, and characters that are
/// invisible or turn the direction of writing. Every kind of line end becomes a line feed.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' => {
                rest.next_if_eq(&'\n');
                out.push('\n');
            }
            '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            ESCAPE => skip_escape(&mut rest),
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\n' | '\t' => out.push(c),
            _ if c.is_control() || is_hidden(c) => {}
            _ => out.push(c),
        }
    }
    out
}

/// After ESC: a control sequence, or intermediates and one final character. The text of an operating system command is
/// kept: hiding it is what its sender may want.
fn skip_escape(rest: &mut Peekable<Chars<'_>>) {
    if rest.next_if_eq(&'[').is_some() {
        return skip_control_sequence(rest);
    }
    while rest.next_if(|c| (' '..='/').contains(c)).is_some() {}
    rest.next_if(|c| ('0'..='~').contains(c));
}

/// After CSI: parameters, intermediates, one final character; what does not fit is left as it is.
fn skip_control_sequence(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| ('0'..='?').contains(c)).is_some() {}
    while rest.next_if(|c| (' '..='/').contains(c)).is_some() {}
    rest.next_if(|c| ('@'..='~').contains(c));
}

/// Drawn as nothing, or changes how its neighbours are drawn.
fn is_hidden(c: char) -> bool {
    matches!(c,
        // Soft hyphen, joiners, marks of direction, zero-width spaces, invisible operators.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // Fillers and blanks of single scripts.
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}'
        // Variation selectors, byte order mark, annotations, musical controls.
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{1bca0}'..='\u{1bca3}'
        // Tags and the selectors' supplement.
        | '\u{e0000}'..='\u{e0fff}')
}
