//! The HTTP client of the commands.

use std::time::Duration;

use crate::exit::{Failure, chain};

/// A client that gives up after `timeout`, follows no redirect and uses no proxy.
pub fn client(timeout: Duration) -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("hookwheel/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Failure::failed(format!("cannot make an HTTP client: {}", chain(&error))))
}

/// Reads an address, or says what one looks like.
pub fn url(text: &str) -> Result<reqwest::Url, Failure> {
    reqwest::Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| Failure::usage(format!("{text:?} is not an address")).remedy("write it like http://host:port"))
}

/// Nobody answered. The innermost cause says why; the outer ones only repeat the address.
pub fn unreachable(url: &reqwest::Url, error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Failure::unavailable(format!("no answer from {}: {cause}", url.origin().ascii_serialization()))
}
