//! Whether a checked document names anything twice, found in one pass.

use std::borrow::Cow;
use std::collections::HashSet;

use super::unquote;

/// What is open at a place: an object with the names it has had, or an array.
enum Open<'a> {
    Object { names: HashSet<Cow<'a, str>>, at_name: bool },
    Array,
}

/// Whether an object somewhere in this document has two members of one name. The document has been checked, so its depth
/// is bounded, and quotes and brackets outside of strings are what they seem.
pub fn repeats(text: &str) -> bool {
    let mut open: Vec<Open<'_>> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => open.push(Open::Object { names: HashSet::new(), at_name: true }),
            b'[' => open.push(Open::Array),
            b'}' | b']' => _ = open.pop(),
            b',' => {
                if let Some(Open::Object { at_name, .. }) = open.last_mut() {
                    *at_name = true;
                }
            }
            b'"' => {
                let end = string_end(bytes, at);
                if let Some(Open::Object { names, at_name: at_name @ true }) = open.last_mut() {
                    *at_name = false;
                    if !names.insert(unquote(&text[at..end])) {
                        return true;
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    false
}

/// Behind the closing quote of the string that begins here.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_repeated_within_one_object_only() {
        for (text, expected) in [
            (r#"{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}"#, false),
            (r#"{"a":"a","b":"a","c":["a","a"]}"#, false),
            (r#"{"a":"{\"a\":1,\"a\":2}","b":"\\","c":"\""}"#, false),
            (r#"{"a":1,"b":2,"a":3}"#, true),
            (r#"[[{"x":{"y":[{"a":1 , "a" :2}]}}]]"#, true),
            (r#"{"a":1,"\u0061":2}"#, true),
            (r#"{"":1,"":2}"#, true),
            ("\"a\"", false),
            ("{}", false),
        ] {
            assert!(super::super::parse(text.as_bytes()).is_some(), "{text}");
            assert_eq!(repeats(text), expected, "{text}");
        }
    }
}
