//! A hint that a bucket changed: at a change, after a reconnect, and every half minute (T23).

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::link::Link;
use super::stream::info;
use super::tail::Follower;
use crate::{LogError, SubjectFilter, Tail as _, Watch};

/// Without any sign of change, the bucket is worth reading again after so long.
const AT_LEAST_EVERY: Duration = Duration::from_secs(30);
/// After trouble, the next hint comes no sooner.
const BREATH: Duration = Duration::from_millis(200);
/// Changes that come together are one hint.
const TOGETHER: usize = 1_000;

/// Watches the stream under a bucket.
pub(super) struct Watcher {
    link: Link,
    follower: Follower,
}

impl Watcher {
    /// Begins now: every change after this call is told.
    pub async fn begin(link: Link, stream: &str) -> Result<Self, LogError> {
        let now = info(&link, stream).await?;
        let follower = Follower::new(link.clone(), stream, SubjectFilter::All, now.last + 1).headers_only();
        Ok(Self { link, follower })
    }
}

#[async_trait]
impl Watch for Watcher {
    async fn changed(&mut self) -> Result<(), LogError> {
        let loss = self.link.loss();
        let told = self.follower.next(TOGETHER, AT_LEAST_EVERY);
        let trouble = tokio::select! {
            told = told => told.err(),
            lost = loss => Some(lost),
        };
        match trouble {
            Some(error) if !error.is_transient() => return Err(error),
            // A reader that hurries to a broken log only finds it broken: the hint waits for the connection.
            Some(_) => tokio::time::sleep(BREATH).await,
            None => return Ok(()),
        }
        self.link.ready_by(Instant::now() + AT_LEAST_EVERY).await
    }
}
