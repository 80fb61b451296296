//! JSON as it was sent: checked whole in one pass, then read in place.
//!
//! Nothing is built, so a body costs no memory beside its own, numbers of any size stay the text they are, and depth
//! is bounded without a stack. Of members with the same name the last one counts.

mod repeats;
mod scan;

use std::borrow::Cow;

pub use repeats::repeats;
use scan::Scan;

/// One value inside a checked document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

/// A name that must be there once is there twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated;

/// Checks a whole document: UTF-8 (a byte order mark is skipped), the grammar, paired surrogates, depth up to 128 and
/// nothing after the value.
pub fn parse(bytes: &[u8]) -> Option<Json<'_>> {
    let mut scan = begun(bytes)?;
    let value = scan.value()?;
    scan.blank();
    scan.at_end().then_some(Json(value))
}

/// Checks a whole document as [`parse`] does and hands over the members of the object that it is, in the same pass.
/// What was handed over before a `None` is not to be used.
pub fn parse_object<'a>(bytes: &'a [u8], mut member: impl FnMut(Cow<'a, str>, Json<'a>)) -> Option<()> {
    let mut scan = begun(bytes)?;
    scan.eat(b'{').then_some(())?;
    scan.blank();
    let mut more = !scan.eat(b'}');
    while more {
        let name = unquote(scan.key()?);
        member(name, Json(scan.value_inside(1)?));
        scan.blank();
        more = !scan.eat(b'}');
        if more {
            scan.eat(b',').then_some(())?;
            scan.blank();
        }
    }
    scan.blank();
    scan.at_end().then_some(())
}

/// A scanner before the document's value.
fn begun(bytes: &[u8]) -> Option<Scan<'_>> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()?;
    let mut scan = Scan::new(text);
    scan.blank();
    Some(scan)
}

impl<'a> Json<'a> {
    /// The value's text as it was sent.
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// Whether it is an object.
    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// Whether it is an array.
    pub fn is_array(self) -> bool {
        self.0.starts_with('[')
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// A string's content; `None` for everything else.
    pub fn text(self) -> Option<Cow<'a, str>> {
        self.0.starts_with('"').then(|| unquote(self.0))
    }

    /// The content of a string, or the text of a number or a boolean.
    pub fn scalar(self) -> Option<Cow<'a, str>> {
        match self.0.as_bytes().first()? {
            b'"' => Some(unquote(self.0)),
            b'{' | b'[' | b'n' => None,
            _ => Some(Cow::Borrowed(self.0)),
        }
    }

    /// An object's members in order; none for everything else.
    pub fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Json<'a>)> {
        let mut scan = entered(self.0, b'{');
        std::iter::from_fn(move || {
            let scan = scan.as_mut()?;
            let name = unquote(scan.key()?);
            let value = scan.value()?;
            step(scan);
            Some((name, Json(value)))
        })
    }

    /// An array's items in order; none for everything else.
    pub fn items(self) -> impl Iterator<Item = Json<'a>> {
        let mut scan = entered(self.0, b'[');
        std::iter::from_fn(move || {
            let scan = scan.as_mut()?;
            let value = scan.value()?;
            step(scan);
            Some(Json(value))
        })
    }

    /// The member of this name; the last one if there are several.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        self.members().filter(|(n, _)| n == name).map(|(_, value)| value).last()
    }

    /// The member of this name, which must not be there twice.
    pub fn only(self, name: &str) -> Result<Option<Json<'a>>, Repeated> {
        let mut found = self.members().filter(|(n, _)| n == name).map(|(_, value)| value);
        let first = found.next();
        if found.next().is_some() { Err(Repeated) } else { Ok(first) }
    }

    /// Follows member names and array indexes joined by dots; nothing is the value itself.
    pub fn path(self, dotted: &str) -> Option<Json<'a>> {
        let mut names = dotted.split('.').filter(|name| !name.is_empty());
        names.try_fold(
            self,
            |value, name| {
                if value.is_array() { value.items().nth(name.parse().ok()?) } else { value.get(name) }
            },
        )
    }

    /// Follows a JSON pointer (RFC 6901); no name on the way may be there twice.
    pub fn pointer(self, pointer: &str) -> Result<Option<Json<'a>>, Repeated> {
        let mut value = self;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let next = if value.is_object() {
                value.only(&token)?
            } else {
                token.parse().ok().and_then(|index| value.items().nth(index))
            };
            match next {
                Some(next) => value = next,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }
}

/// A scanner behind the opening bracket and the blanks after it.
fn entered(text: &str, bracket: u8) -> Option<Scan<'_>> {
    let mut scan = Scan::new(text);
    let inside = scan.eat(bracket);
    scan.blank();
    inside.then_some(scan)
}

/// Moves to the next member or item.
fn step(scan: &mut Scan<'_>) {
    scan.blank();
    scan.eat(b',');
    scan.blank();
}

/// The content of a checked string.
fn unquote(quoted: &str) -> Cow<'_, str> {
    let inner = &quoted[1..quoted.len() - 1];
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    // The text was checked, so this only decodes the escapes.
    Cow::Owned(serde_json::from_str(quoted).unwrap_or_default())
}

#[cfg(test)]
mod tests;
