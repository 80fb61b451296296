//! A captured request: headers and body as files hold them.

use std::path::{Path, PathBuf};

use hookwheel_sources::{Headers, Request};

use crate::exit::Failure;

/// Where the request is.
#[derive(Debug, clap::Args)]
pub struct CaptureArgs {
    /// File with the raw body
    pub body: PathBuf,
    /// File with one `Name: value` a line; a request line and curl's `> ` are understood
    #[arg(long, value_name = "PATH")]
    headers: Option<PathBuf>,
    /// One header more, `Name: value`; may be repeated
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    header: Vec<String>,
}

/// A request that somebody received.
#[derive(Debug)]
pub struct Capture {
    /// Headers, names in lower case.
    pub headers: Headers,
    /// The raw body.
    pub body: Vec<u8>,
}

impl CaptureArgs {
    /// Reads the files.
    pub fn read(&self) -> Result<Capture, Failure> {
        let mut headers = match &self.headers {
            Some(path) => header_lines(&read(path)?),
            None => Headers::default(),
        };
        for text in &self.header {
            let header = header(text.as_bytes()).ok_or_else(|| {
                Failure::usage("a --header is not of the form `Name: value`")
                    .remedy("write it like -H 'X-GitHub-Event: issues'")
            })?;
            headers.0.push(header);
        }
        Ok(Capture { headers, body: read(&self.body)? })
    }
}

impl Capture {
    /// As the profiles see it.
    pub fn request(&self) -> Request<'_> {
        Request { method: "POST", url: "", headers: &self.headers, body: &self.body }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

fn header_lines(text: &[u8]) -> Headers {
    let lines = text.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    Headers(lines.map(|line| line.strip_prefix(b"> ").unwrap_or(line)).filter_map(header).collect())
}

/// A line that is no header (a request line, an empty line, curl's own talk) gives none.
pub(super) fn header(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = line.iter().position(|&b| b == b':')?;
    let (name, value) = (std::str::from_utf8(&line[..colon]).ok()?, line[colon + 1..].trim_ascii());
    let sound = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    sound.then(|| (name.to_ascii_lowercase(), value.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_from_a_raw_request_and_from_curl() {
        let raw = b"POST /webhooks/a HTTP/1.1\r\nHost: example.org:8080\r\nX-GitHub-Event:  issues \r\n\r\n";
        let curl = b"* Connected\n> POST /webhooks/a HTTP/1.1\n> Host: example.org:8080\n> X-GitHub-Event: issues\n>\n";
        let wanted =
            Headers(vec![("host".into(), b"example.org:8080".to_vec()), ("x-github-event".into(), b"issues".to_vec())]);
        assert_eq!(header_lines(raw), wanted);
        assert_eq!(header_lines(curl), wanted);
    }
}
