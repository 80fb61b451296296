//! A request as the pure code sees it.

use std::borrow::Cow;

/// Headers in order; names lower-case, values as bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, Vec<u8>)>);

impl Headers {
    /// Every value of this lower-case name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_slice())
    }

    /// The only value of this name; `None` when absent, `Some(Err(()))` when there are several.
    pub fn only<'a>(&'a self, name: &'a str) -> Option<Result<&'a [u8], ()>> {
        let mut values = self.all(name);
        let first = values.next()?;
        Some(if values.next().is_some() { Err(()) } else { Ok(first) })
    }

    /// The first value of this name, as text if it is UTF-8.
    pub fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next().and_then(|v| std::str::from_utf8(v).ok())
    }
}

/// One request, whole.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// The whole URL as the sender wrote it, from the configured public base, never from `Host`; path and query alone
    /// when there is no such base, empty when even they are unknown. Only a few schemes look at it.
    pub url: &'a str,
    /// Headers.
    pub headers: &'a Headers,
    /// The raw body.
    pub body: &'a [u8],
}

/// The URL as the sender knows it: the public base and our path and query, or these alone.
pub fn public_url<'a>(base: Option<&str>, target: &'a str) -> Cow<'a, str> {
    match base {
        Some(base) => Cow::Owned(format!("{}{target}", base.trim_end_matches('/'))),
        None => Cow::Borrowed(target),
    }
}
