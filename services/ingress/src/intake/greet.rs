//! Handshakes that cannot be signed: answered, bounded, and forgotten but for a notice.

use std::net::IpAddr;
use std::sync::Arc;

use hookwheel_sources::Request;
use hookwheel_sources::handshake::Greeting;

use super::answer::{Done, Taken};
use super::receive::headers;
use super::refuse::No;
use crate::hooks::Hook;
use crate::shared::Shared;

/// Answers a request that no delivery can come by, if the webhook's provider greets in this way.
pub(super) fn by_head<B>(
    shared: &Shared,
    hook: &Arc<Hook>,
    peer: IpAddr,
    request: &http::Request<B>,
) -> Option<Result<Taken, No>> {
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let (method, headers) = (request.method().as_str(), headers(request.headers()));
    by_request(shared, hook, peer, &Request { method, url: &hook.url(target), headers: &headers, body: b"" })
}

/// The same once the body is there.
pub(super) fn by_request(
    shared: &Shared,
    hook: &Hook,
    peer: IpAddr,
    request: &Request<'_>,
) -> Option<Result<Taken, No>> {
    let now = shared.options.clock.now();
    let greeting = hook.source.greet(&hook.desk(now), request)?;
    if !hook.greetings.allows(now) {
        return Some(Err(No::TooMany));
    }
    Some(match greeting {
        Greeting::Denied => Err(No::WrongToken),
        Greeting::Answered(answer) => {
            shared.notices.greeted(hook, peer);
            Ok(Taken { done: Done::Greeted, answer: Some(answer) })
        }
    })
}
