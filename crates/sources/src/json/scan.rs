//! The grammar of JSON (RFC 8259) as a scanner that builds nothing and never recurses.

/// Deepest nesting taken. One bit of a `u128` remembers each open container.
const MAX_DEPTH: u32 = 128;

/// A place in a text. Every method either moves past what it names or says `None`, and is then no longer used.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// The open containers: bit 0 is the innermost, set when it is an object.
struct Open {
    kinds: u128,
    depth: u32,
    limit: u32,
}

impl Open {
    fn push(&mut self, object: bool) -> Option<()> {
        if self.depth == self.limit {
            return None;
        }
        self.kinds = (self.kinds << 1) | u128::from(object);
        self.depth += 1;
        Some(())
    }

    fn pop(&mut self) {
        self.kinds >>= 1;
        self.depth -= 1;
    }

    fn innermost_is_object(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.kinds & 1 == 1)
    }
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Whether nothing is left.
    pub(super) fn at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// Moves past blanks.
    pub(super) fn blank(&mut self) {
        self.at += self.rest().iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
    }

    /// Moves past this byte if it is next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.rest().first() == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// Moves past a value and gives its text.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        self.value_inside(0)
    }

    /// The same for a value that is in so many containers already.
    pub(super) fn value_inside(&mut self, containers: u32) -> Option<&'a str> {
        let start = self.at;
        let mut open = Open { kinds: 0, depth: 0, limit: MAX_DEPTH - containers };
        loop {
            match *self.rest().first()? {
                b'{' => {
                    self.at += 1;
                    open.push(true)?;
                    self.blank();
                    if !self.eat(b'}') {
                        self.key()?;
                        continue;
                    }
                    open.pop();
                }
                b'[' => {
                    self.at += 1;
                    open.push(false)?;
                    self.blank();
                    if !self.eat(b']') {
                        continue;
                    }
                    open.pop();
                }
                b'"' => _ = self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                _ => self.word()?,
            }
            if self.close(&mut open)? {
                return Some(&self.text[start..self.at]);
            }
        }
    }

    /// After a value: closes what ends here, and stands before the next value. True when nothing is open any more.
    fn close(&mut self, open: &mut Open) -> Option<bool> {
        while let Some(object) = open.innermost_is_object() {
            self.blank();
            match (self.byte()?, object) {
                (b',', true) => {
                    self.blank();
                    self.key()?;
                    return Some(false);
                }
                (b',', false) => {
                    self.blank();
                    return Some(false);
                }
                (b'}', true) | (b']', false) => open.pop(),
                _ => return None,
            }
        }
        Some(true)
    }

    /// Moves past a member's name, its colon and the blanks after it; gives the name's text with its quotes.
    pub(super) fn key(&mut self) -> Option<&'a str> {
        let name = self.string()?;
        self.blank();
        self.eat(b':').then_some(())?;
        self.blank();
        Some(name)
    }

    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.eat(b'"').then_some(())?;
        loop {
            self.at += plain(self.rest());
            match self.byte()? {
                b'"' => return Some(&self.text[start..self.at]),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.byte()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => match self.hex4()? {
                0xd800..=0xdbff => {
                    (self.eat(b'\\') && self.eat(b'u')).then_some(())?;
                    matches!(self.hex4()?, 0xdc00..=0xdfff).then_some(())
                }
                0xdc00..=0xdfff => None,
                _ => Some(()),
            },
            _ => None,
        }
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        self.at += 4;
        digits.iter().try_fold(0, |sum, &d| Some(sum * 16 + char::from(d).to_digit(16)?))
    }

    fn number(&mut self) -> Option<()> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.rest().iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn word(&mut self) -> Option<()> {
        let word = ["true", "false", "null"].into_iter().find(|w| self.rest().starts_with(w.as_bytes()))?;
        self.at += word.len();
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.rest().first()?;
        self.at += 1;
        Some(byte)
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }
}

/// How many bytes a string goes on without a quote, a backslash or a control character. Eight bytes are looked at as
/// one number, for this loop is where the time of a scan goes.
fn plain(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let ends = ends(u64::from_le_bytes(*word));
        if ends != 0 {
            return n * 8 + ends.trailing_zeros() as usize / 8;
        }
    }
    let clean = rest.iter().take_while(|b| !matches!(b, b'"' | b'\\' | ..0x20)).count();
    words.len() * 8 + clean
}

/// The highest bit of each byte that ends a plain run; right up to and with the lowest such byte, where a borrow of
/// the subtractions may begin.
fn ends(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = |n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
    let equals = |byte: u8| {
        let other = word ^ (ONES * u64::from(byte));
        other.wrapping_sub(ONES) & !other & HIGH
    };
    below(0x20) | equals(b'"') | equals(b'\\')
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_plain_run_ends_where_a_look_at_each_byte_says() {
        let one_by_one = |bytes: &[u8]| bytes.iter().take_while(|b| !matches!(b, b'"' | b'\\' | ..0x20)).count();
        for first in 0..=255 {
            for second in 0..=255 {
                for place in 0..9 {
                    let mut bytes = [b'~'; 19];
                    bytes[place] = first;
                    bytes[place + 1] = second;
                    assert_eq!(plain(&bytes), one_by_one(&bytes), "{first} and {second} at {place}");
                }
            }
        }
    }
}
