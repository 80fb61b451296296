//! A sender that knows its secret: genuinely signed requests of every profile.

use std::net::SocketAddr;

use anyhow::Context as _;
use bytes::Bytes;
use hookwheel_core::Timestamp;
use hookwheel_core::webhook::Auth;
use hookwheel_sources::{Headers, Request, Source};

use crate::rawsocket::{Answer, RawSocket};

/// Somebody who sends to one webhook.
#[derive(Clone)]
pub struct Sender {
    source: &'static dyn Source,
    auth: Auth,
    secret: Vec<u8>,
}

/// A request ready to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// In order; names lower-case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Sender {
    /// A sender of this profile, signing the way the profile's senders usually do.
    pub fn new(source: &str, secret: &str) -> anyhow::Result<Self> {
        let source = hookwheel_sources::source(source).with_context(|| format!("there is no source {source:?}"))?;
        Ok(Self { source, auth: source.default_auth(), secret: secret.as_bytes().to_vec() })
    }

    /// The same, proving itself in another way.
    #[must_use]
    pub fn with_auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// A typical delivery; another seed gives another delivery.
    pub fn sample(&self, seed: u64) -> Signed {
        let (headers, body) = self.source.sample(seed);
        self.sign(headers, body)
    }

    /// These headers and this body, signed now.
    pub fn sign(&self, mut headers: Vec<(String, String)>, body: impl Into<Bytes>) -> Signed {
        let body = body.into();
        let unsigned = Headers(headers.iter().map(|(n, v)| (n.clone(), v.clone().into_bytes())).collect());
        let request = Request { method: "POST", url: "", headers: &unsigned, body: &body };
        headers.extend(hookwheel_sources::sign(&self.auth, &self.secret, &request, now()));
        Signed { headers, body }
    }
}

impl Signed {
    /// The first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Replaces a header, signed or not.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The whole request as it goes over the wire.
    pub fn to_bytes(&self, path: &str) -> Vec<u8> {
        let mut head = format!("POST {path} HTTP/1.1\r\nhost: hooks.test\r\ncontent-length: {}\r\n", self.body.len());
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it over a connection of its own. An error means that it is not known whether it was stored.
    pub async fn post(&self, address: SocketAddr, path: &str) -> anyhow::Result<Answer> {
        let mut socket = RawSocket::connect(address).await?;
        socket.send(&self.to_bytes(path)).await;
        socket.answer().await?.context("closed without an answer")
    }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
