//! Where requests begin and end, read strictly.
//!
//! hyper repairs some heads that must be refused, for another server on the way may have read them differently
//! (request smuggling): Content-Length beside Transfer-Encoding, repeated lengths, lines that end in a bare LF.
//! This follows the same bytes and says which one is wrong; it changes nothing and keeps at most one line.

/// The longest chunk-size line with its extensions, bytes.
const MAX_CHUNK_LINE: usize = 4 * 1024;
/// Longer lines than this never come here: hyper has refused the head before.
const MAX_LINE: usize = 64 * 1024;

/// A byte that no acceptable request has there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Its place among the bytes last seen.
    pub(crate) at: usize,
    /// In that place hyper, too, refuses this byte, and answers 400.
    pub(crate) instead: u8,
}

/// Follows a connection's bytes.
#[derive(Default)]
pub(crate) struct Framing {
    expects: Expects,
    line: Vec<u8>,
    head: Head,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Expects {
    #[default]
    RequestLine,
    HeaderLine,
    Body(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    TrailerLine,
}

/// What matters of the current head.
#[derive(Default)]
struct Head {
    http_11: bool,
    hosts: u32,
    length: Option<u64>,
    chunked: bool,
}

/// A rule is broken; the caller knows where.
struct Broken;

impl Framing {
    /// Whether a request has begun and its head is not complete.
    pub(crate) fn in_head(&self) -> bool {
        match self.expects {
            Expects::RequestLine => !self.line.is_empty(),
            Expects::HeaderLine => true,
            _ => false,
        }
    }

    /// Whether a head is complete and its body is not.
    pub(crate) fn in_body(&self) -> bool {
        !matches!(self.expects, Expects::RequestLine | Expects::HeaderLine)
    }

    /// Follows the next bytes.
    pub(crate) fn see(&mut self, bytes: &[u8]) -> Result<(), Wrong> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            if let Expects::Body(left) | Expects::Chunk(left) = self.expects {
                let taken = left.min(rest.len() as u64);
                self.pass(left - taken);
                at += usize::try_from(taken).unwrap_or(rest.len());
                continue;
            }
            let end = rest.iter().position(|&b| b == b'\n');
            let before = self.line.last().copied();
            let in_body = self.in_body();
            let wrong = |n: usize| {
                let after_cr = n.checked_sub(1).map_or(before, |n| Some(rest[n])) == Some(b'\r');
                // A chunk's extension may hold anything but a bare LF.
                Wrong { at: at + n, instead: if in_body && !after_cr { b'\n' } else { 0 } }
            };
            self.gather(&rest[..end.unwrap_or(rest.len())]).map_err(wrong)?;
            let Some(end) = end else { break };
            self.expects = self.line_ended().map_err(|Broken| wrong(end))?;
            self.line.clear();
            at += end + 1;
        }
        Ok(())
    }

    /// So many bytes of a body or a chunk are still to come.
    fn pass(&mut self, left: u64) {
        self.expects = match self.expects {
            Expects::Body(_) if left == 0 => Expects::RequestLine,
            Expects::Body(_) => Expects::Body(left),
            _ if left == 0 => Expects::ChunkEnd,
            _ => Expects::Chunk(left),
        };
    }

    /// Takes a piece of a line; a CR may only be its last byte. `Err` is the wrong byte's place in the piece.
    fn gather(&mut self, piece: &[u8]) -> Result<(), usize> {
        let longest = if self.expects == Expects::ChunkSize { MAX_CHUNK_LINE } else { MAX_LINE };
        let continues_after_cr = !piece.is_empty() && self.line.last() == Some(&b'\r');
        if continues_after_cr || self.line.len() + piece.len() > longest {
            return Err(0);
        }
        let last = piece.len().saturating_sub(1);
        let is_wrong = |(at, &byte): (usize, &u8)| byte == 0 || (byte == b'\r' && at < last);
        if let Some(first) = piece.iter().enumerate().position(is_wrong) {
            return Err(first);
        }
        self.line.extend_from_slice(piece);
        Ok(())
    }

    /// What comes after the line that just ended.
    fn line_ended(&mut self) -> Result<Expects, Broken> {
        let line = self.line.strip_suffix(b"\r").ok_or(Broken)?;
        match (self.expects, line) {
            // An empty line before a request is a leftover of the one before.
            (Expects::RequestLine, b"") => Ok(Expects::RequestLine),
            (Expects::RequestLine, line) => {
                self.head = Head { http_11: line.ends_with(b"HTTP/1.1"), ..Head::default() };
                Ok(Expects::HeaderLine)
            }
            (Expects::HeaderLine, b"") => self.head.ended(),
            (Expects::HeaderLine, line) => self.head.header(line).map(|()| Expects::HeaderLine),
            (Expects::ChunkSize, line) => match chunk_size(line)? {
                0 => Ok(Expects::TrailerLine),
                size => Ok(Expects::Chunk(size)),
            },
            (Expects::ChunkEnd, b"") => Ok(Expects::ChunkSize),
            (Expects::TrailerLine, b"") => Ok(Expects::RequestLine),
            (Expects::TrailerLine, _) => Ok(Expects::TrailerLine),
            (Expects::ChunkEnd | Expects::Body(_) | Expects::Chunk(_), _) => Err(Broken),
        }
    }
}

impl Head {
    fn header(&mut self, line: &[u8]) -> Result<(), Broken> {
        let colon = line.iter().position(|&b| b == b':').ok_or(Broken)?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.is_empty() || name.iter().any(|b| matches!(b, b' ' | b'\t')) {
            return Err(Broken); // a folded line begins with a blank
        }
        if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let length = digits(value, 10).ok_or(Broken)?;
            if self.length.replace(length).is_some() {
                return Err(Broken);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Broken);
            }
            self.chunked = true;
        }
        Ok(())
    }

    fn ended(&self) -> Result<Expects, Broken> {
        let one_host = self.hosts == 1 || (self.hosts == 0 && !self.http_11);
        match (self.length, self.chunked) {
            _ if !one_host => Err(Broken),
            (Some(_), true) => Err(Broken),
            (None, true) => Ok(Expects::ChunkSize),
            (Some(0) | None, false) => Ok(Expects::RequestLine),
            (Some(length), false) => Ok(Expects::Body(length)),
        }
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, Broken> {
    let size = line.split(|&b| b == b';').next().unwrap_or_default();
    digits(size.trim_ascii_end(), 16).ok_or(Broken)
}

/// Only digits, and no overflow.
fn digits(text: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(text).ok().filter(|t| !t.starts_with('+'))?;
    u64::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Result<(), Wrong> {
        Framing::default().see(text.as_bytes())
    }

    /// The same verdict however the bytes arrive.
    fn piecemeal(text: &str) -> bool {
        let mut framing = Framing::default();
        text.as_bytes().iter().all(|byte| framing.see(&[*byte]).is_ok())
    }

    #[test]
    fn follows_requests_of_every_shape_to_the_next_one() {
        for text in [
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
            "GET / HTTP/1.0\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nhost:h\r\ncontent-length:0\r\n\r\n",
        ] {
            let mut framing = Framing::default();
            assert_eq!(framing.see(text.as_bytes()), Ok(()), "{text}");
            assert!(!framing.in_head() && !framing.in_body(), "{text}");
            assert!(piecemeal(text), "{text}");
        }
    }

    #[test]
    fn finds_what_two_servers_could_read_differently() {
        let body_rules = [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 5,5\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 18446744073709551616\r\n",
            "Content-Length:\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunked, identity\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length : 5\r\n",
            "X: a\r\n b\r\n",
            "X\r\n",
            "X: a\nY: b\r\n",
            "X: a\rb\r\n",
            "X: a\0b\r\n",
            "Host: h\r\n",
        ];
        for rule in body_rules {
            let text = format!("POST / HTTP/1.1\r\nHost: h\r\n{rule}\r\n");
            assert!(whole(&text).is_err_and(|w| w.instead == 0), "{rule:?}");
            assert!(!piecemeal(&text), "{rule:?}");
        }
        assert!(whole("GET / HTTP/1.1\r\n\r\n").is_err());
    }

    #[test]
    fn of_several_wrong_bytes_in_a_line_the_first_one_counts() {
        assert_eq!(whole("GET /\0 x\r\ry").unwrap_err().at, 5);
        assert_eq!(whole("GET /\r\0x").unwrap_err().at, 5);
    }

    #[test]
    fn finds_wrong_chunks() {
        let long = format!("5;{}\r\n", "x".repeat(MAX_CHUNK_LINE));
        for chunk in ["0x10\r\n", "-1\r\n", "+5\r\n", "11111111111111111\r\n", "\r\n", "5\n", "5\r\nhello!", &long] {
            let text = format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}\r\n");
            assert!(whole(&text).is_err(), "{chunk:?}");
            assert!(!piecemeal(&text), "{chunk:?}");
        }
    }
}
