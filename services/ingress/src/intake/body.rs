//! Reading a body: no more than is allowed, no longer than is fair.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::budget::{Budget, Share};
use super::refuse::No;

/// A whole body and its share of the memory.
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    pub(super) share: Share,
}

/// How long a body may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyPatience {
    /// Between two pieces of it.
    pub(crate) idle: Duration,
    /// All in all.
    pub(crate) total: Duration,
}

/// Reads a body to its end or to the first reason not to. Trailers are dropped unread.
pub(super) async fn read(mut body: Incoming, limit: u64, patience: BodyPatience, budget: &Budget) -> Result<Whole, No> {
    let end = Instant::now() + patience.total;
    let mut share = budget.share();
    let (mut first, mut joined) = (Bytes::new(), BytesMut::new());
    let mut size = 0;
    while let Some(frame) =
        timeout_at(end.min(Instant::now() + patience.idle), body.frame()).await.map_err(|_| No::BodyTimeout)?
    {
        let Ok(piece) = frame.map_err(|cause| blame(&cause))?.into_data() else { continue };
        let is_first = size == 0;
        size += piece.len() as u64;
        if size > limit {
            return Err(No::TooLarge);
        }
        if !share.grow(piece.len() as u64) {
            return Err(No::Overloaded);
        }
        if is_first {
            first = piece; // most bodies are one piece, and need no copy
        } else {
            // However small, a piece keeps the whole buffer it was read into: the first one goes once it is copied.
            joined.extend_from_slice(&std::mem::take(&mut first));
            joined.extend_from_slice(&piece);
        }
    }
    let bytes = if joined.is_empty() { first } else { joined.freeze() };
    Ok(Whole { bytes, share })
}

/// Malformed chunks are the sender's fault; every other error means that there is no sender any more.
fn blame(cause: &hyper::Error) -> No {
    let kind = cause.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => No::BodyBroken,
        _ => No::Aborted,
    }
}
