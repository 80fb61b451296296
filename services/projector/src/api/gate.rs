//! Who may ask: whoever has a key; on loopback without keys, programs of this machine.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hookwheel_runtime::problem::Problem;

use crate::Keys;

pub(super) async fn check(State(keys): State<Arc<Keys>>, request: Request, next: Next) -> Response {
    if keys.is_empty() {
        if names_this_machine(&request) { next.run(request).await } else { foreign_host().into_response() }
    } else if bearer(&request).and_then(|key| keys.owner(key)).is_some() {
        next.run(request).await
    } else {
        let mut response = unauthorized().into_response();
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        response
    }
}

fn unauthorized() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "An API key is needed")
        .detail("send `Authorization: Bearer hwk_..`")
}

fn foreign_host() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "foreign_host", "Without API keys only this machine is served")
        .detail("use 127.0.0.1 or localhost as the host, or configure API keys")
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, key) = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key)
}

/// Without keys the `Host` must be this machine's own name: a web page whose name was made to point at 127.0.0.1 sends
/// the page's name, and must not read deliveries through somebody's browser.
fn names_this_machine(request: &Request) -> bool {
    let of_target = request.uri().authority().map(|authority| authority.as_str());
    let of_header = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(host) = of_target.or_else(of_header) else { return true };
    let Ok(host) = host.parse::<axum::http::uri::Authority>() else { return false };
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
