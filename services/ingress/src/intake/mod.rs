//! One request: found, read, believed, stored, answered.
//!
//! The order is fixed, and the first failure wins: method, route, size, encoding, address, flood, body, signature, time,
//! meaning, filter, duplicate, limit, append. (Filter and limit only where a webhook sends its senders away over a limit.)

mod answer;
mod body;
mod budget;
mod greet;
mod limit;
mod receive;
mod refuse;
mod replay;
mod route;
mod to_its_end;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response};

use crate::flood::Visit;
use crate::hooks::Hook;
use crate::peers;
use crate::shared::Shared;
use answer::{Done, Taken};
pub(crate) use body::BodyPatience;
pub(crate) use budget::Budget;
use refuse::No;
pub(crate) use refuse::Refused;

/// What a sender hears.
pub(crate) type Reply = Response<Full<Bytes>>;

/// Answers one request. The answer is sent after the delivery is durable, or not at all.
pub(crate) async fn answer(shared: Arc<Shared>, peer: IpAddr, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let started = Instant::now();
    let _running = shared.running.token();
    let unanswered = Unanswered;
    let peer = peers::sender(peer, request.headers(), &shared.options.trusted_proxies);
    let reply = match take(&shared, peer, request).await {
        Ok((hook, taken)) => {
            answer::count(&hook, &taken.done, started.elapsed());
            answer::taken(&hook, taken)
        }
        Err(refused) => {
            shared.notices.rejected(&refused, peer);
            refused.count();
            refused.reply()
        }
    };
    unanswered.answered();
    Ok(reply)
}

async fn take(shared: &Arc<Shared>, peer: IpAddr, request: Request<Incoming>) -> Result<(Arc<Hook>, Taken), Refused> {
    if shared.draining.load(Ordering::Relaxed) {
        return Err(No::Draining.into());
    }
    let name = route::name(&request)?;
    let directory = shared.hooks.load();
    if let Err(no) = route::method(request.method()) {
        let hook = directory.as_ref().and_then(|directory| directory.find(name)).filter(|hook| greetable(hook, peer));
        let greeted = hook.and_then(|hook| Some((hook, greet::by_head(shared, hook, peer, &request)?)));
        let (hook, greeted) = greeted.ok_or(no)?;
        return greeted.map(|taken| (Arc::clone(hook), taken)).map_err(|no| no.at(hook));
    }
    let directory = directory.as_ref().ok_or(No::NotReady)?;
    let hook = directory.find(name).ok_or(No::NotFound)?;
    if !hook.webhook.enabled {
        return Err(No::Disabled.at(hook));
    }
    let hook = Arc::clone(hook);
    let (head, body) = request.into_parts();
    let taken = async {
        let early = |no: No| Refused::from(no).with(receive::headers(&head.headers));
        route::acceptable(&head, hook.webhook.max_body).map_err(early)?;
        if !hook.webhook.gate.admits(peer) {
            return Err(early(No::Forbidden));
        }
        let visit = shared.flood.enter(peer, &hook.webhook.id).ok_or_else(|| early(No::Flooded))?;
        let body = body::read(body, hook.webhook.max_body, shared.options.patience(), &shared.budget).await?;
        let received = receive::receive(Arc::clone(shared), Arc::clone(&hook), peer, head, body).await;
        judged(visit, received)
    };
    match taken.await {
        Ok(taken) => Ok((hook, taken)),
        Err(no) => Err(no.at(&hook)),
    }
}

fn greetable(hook: &Hook, peer: IpAddr) -> bool {
    hook.webhook.enabled && hook.webhook.gate.admits(peer)
}

/// Tells the guard whether the sender proved itself, where that was found out. A failure of a source that floods is answered
/// as one.
fn judged(visit: Visit<'_>, received: Result<Taken, Refused>) -> Result<Taken, Refused> {
    match received {
        Err(refused) if matches!(refused.no, No::Unbelieved(_) | No::WrongToken) => {
            let no = if visit.failed() { No::Flooded } else { refused.no };
            return Err(Refused { no, ..refused });
        }
        Err(Refused { no: No::Meaningless(_) | No::Limited { .. }, .. }) => visit.believed(),
        Ok(Taken { done: Done::Greeted, .. }) | Err(_) => {}
        Ok(_) => visit.believed(),
    }
    received
}

/// Counts a request that is dropped before it was answered.
struct Unanswered;

impl Unanswered {
    fn answered(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        crate::meters::aborted();
    }
}
