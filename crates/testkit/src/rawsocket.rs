//! HTTP/1.1 by hand: sends exactly these bytes, reads exactly one answer. For what no client library would send.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Nothing here waits longer.
const BOUND: Duration = Duration::from_secs(60);

/// One connection.
pub struct RawSocket {
    stream: TcpStream,
    read: Vec<u8>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names lower-case, in order.
    pub headers: Vec<(String, String)>,
    /// The body, by Content-Length.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl RawSocket {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = timeout(BOUND, TcpStream::connect(address)).await?.context("failed to connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::new() })
    }

    /// Sends these bytes. A peer that has closed already is no error here; its answer may still be read.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = timeout(BOUND, self.stream.write_all(bytes)).await;
    }

    /// The next answer; `None` when the peer closed without one.
    pub async fn answer(&mut self) -> anyhow::Result<Option<Answer>> {
        timeout(BOUND, self.next(false)).await.context("no answer within a minute")?
    }

    /// The next answer, to a HEAD request: it has a length and no body.
    pub async fn bodiless_answer(&mut self) -> anyhow::Result<Option<Answer>> {
        timeout(BOUND, self.next(true)).await.context("no answer within a minute")?
    }

    /// Whether the peer closes now, sending nothing more.
    pub async fn is_closed(&mut self) -> bool {
        let read = timeout(BOUND, self.stream.read_buf(&mut self.read)).await;
        self.read.is_empty() && matches!(read, Ok(Ok(0) | Err(_)))
    }

    /// Closes at once, with a reset: the peer sees an error, not an end.
    pub fn hang_up(self) -> std::io::Result<()> {
        self.stream.set_zero_linger()
    }

    async fn next(&mut self, bodiless: bool) -> anyhow::Result<Option<Answer>> {
        loop {
            if let Some((answer, used)) = parse(&self.read, bodiless)? {
                self.read.drain(..used);
                return Ok(Some(answer));
            }
            match self.stream.read_buf(&mut self.read).await {
                Ok(0) | Err(_) if self.read.is_empty() => return Ok(None),
                Ok(0) | Err(_) => bail!("the answer ends in its middle"),
                Ok(_) => {}
            }
        }
    }
}

/// The answer these bytes begin with, and its length, once it is whole.
pub(crate) fn parse(bytes: &[u8], bodiless: bool) -> anyhow::Result<Option<(Answer, usize)>> {
    let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?;
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    ensure!(status_line.starts_with("HTTP/1."), "not an HTTP answer");
    let status: u16 = status_line.split(' ').nth(1).unwrap_or_default().parse()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let answer = Answer { status, headers, body: Vec::new() };
    let length = match answer.header("content-length") {
        Some(length) if !bodiless => length.parse()?,
        _ => 0,
    };
    let Some(body) = bytes.get(end + 4..end + 4 + length) else { return Ok(None) };
    Ok(Some((Answer { body: body.to_vec(), ..answer }, end + 4 + length)))
}
