//! One request: found, read, believed, stored, answered.
//!
//! The order is fixed, and the first failure wins: method, route, size, encoding, body, signature, time, meaning,
//! duplicate, append.

mod answer;
mod body;
mod budget;
mod receive;
mod refuse;
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

use crate::hooks::Hook;
use crate::shared::Shared;
use answer::Done;
pub(crate) use body::BodyPatience;
pub(crate) use budget::Budget;
use refuse::No;

/// What a sender hears.
pub(crate) type Reply = Response<Full<Bytes>>;

/// Answers one request. The answer is sent after the delivery is durable, or not at all.
pub(crate) async fn answer(shared: Arc<Shared>, peer: IpAddr, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let started = Instant::now();
    let _running = shared.running.token();
    let unanswered = Unanswered;
    let reply = match take(&shared, peer, request).await {
        Ok((hook, done)) => {
            answer::count(&hook, &done, started.elapsed());
            answer::done(&done)
        }
        Err(refused) => {
            shared.notices.rejected(refused.hook.as_deref(), refused.no.reason(), peer);
            refused.count();
            refused.reply()
        }
    };
    unanswered.answered();
    Ok(reply)
}

async fn take(
    shared: &Arc<Shared>,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<(Arc<Hook>, Done), refuse::Refused> {
    if shared.draining.load(Ordering::Relaxed) {
        return Err(No::Draining.into());
    }
    let name = route::name(&request)?;
    let directory = shared.hooks.load();
    let directory = directory.as_ref().ok_or(No::NotReady)?;
    let hook = directory.find(name).ok_or(No::NotFound)?;
    if !hook.webhook.enabled {
        return Err(No::Disabled.at(hook));
    }
    let hook = Arc::clone(hook);
    let (head, body) = request.into_parts();
    let taken = async {
        route::acceptable(&head, hook.webhook.max_body)?;
        let body = body::read(body, hook.webhook.max_body, shared.options.patience(), &shared.budget).await?;
        receive::receive(Arc::clone(shared), Arc::clone(&hook), peer, head, body).await
    };
    match taken.await {
        Ok(done) => Ok((hook, done)),
        Err(no) => Err(no.at(&hook)),
    }
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
