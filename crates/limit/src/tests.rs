//! Replicas on one log, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hookwheel_core::Timestamp;
use hookwheel_log::embedded::Embedded;
use hookwheel_log::{BucketSpec, Layout, Log};

use crate::{Closed, Limiter, Scoped, Taken};

const START: i64 = 1_700_000_000_000_000;

struct Stand {
    log: Arc<dyn Log>,
    now: Arc<AtomicI64>,
    _dir: tempfile::TempDir,
}

impl Stand {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout { streams: vec![], consumers: vec![], buckets: vec![BucketSpec { name: "LIMITS" }] };
        let log = Embedded::open(&dir.path().join("log.db"), layout).await.unwrap();
        Self { log: Arc::new(log), now: Arc::new(AtomicI64::new(START)), _dir: dir }
    }

    /// A replica whose clock is so far from the others'.
    fn replica(&self, skew: Duration) -> Arc<Limiter> {
        let (now, skew) = (Arc::clone(&self.now), i64::try_from(skew.as_micros()).unwrap());
        let clock = move || Timestamp::from_micros(now.load(Ordering::SeqCst) + skew);
        Arc::new(Limiter::new(Arc::clone(&self.log), "LIMITS", Arc::new(clock)))
    }

    fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

fn scoped(key: &str, limit: u32) -> Scoped {
    Scoped { key: key.into(), limit }
}

async fn token(limiter: &Limiter, scoped: &[Scoped]) -> bool {
    matches!(limiter.take(scoped).await.unwrap(), Taken::Token(_))
}

#[tokio::test]
async fn three_replicas_together_grant_exactly_the_limit() {
    let stand = Stand::start().await;
    let replicas = [0, 1, 2].map(|n| stand.replica(Duration::from_millis(n * 900)));
    let asking = (0..900).map(|n| {
        let limiter = Arc::clone(&replicas[n % 3]);
        tokio::spawn(async move { token(&limiter, &[scoped("w", 100), scoped("all", 1_000)]).await })
    });
    let mut granted = 0;
    for one in asking.collect::<Vec<_>>() {
        granted += usize::from(one.await.unwrap());
    }
    assert_eq!(granted, 100);
    let ledger = stand.log.bucket("LIMITS").await.unwrap().get("w").await.unwrap().unwrap();
    assert!(ledger.revision < 300, "one write grants many: {} writes", ledger.revision);
}

#[tokio::test]
async fn a_closed_limit_is_answered_without_the_log_and_opens_again() {
    let stand = Stand::start().await;
    let (limiter, all) = (stand.replica(Duration::ZERO), [scoped("w", 2)]);
    assert!(token(&limiter, &all).await && token(&limiter, &all).await && !token(&limiter, &all).await);
    let until = Timestamp::from_micros(START).plus(Duration::from_secs(64));
    assert_eq!(limiter.closed(&all), Some(Closed { which: 0, until }));
    assert!(limiter.is_pressed(&all).await.unwrap());
    assert!(stand.replica(Duration::ZERO).is_pressed(&all).await.unwrap(), "other processes know it too");
    stand.pass(Duration::from_secs(64));
    assert_eq!(limiter.closed(&all), None);
    assert!(token(&limiter, &all).await);
}

#[tokio::test]
async fn what_a_wider_limit_refuses_does_not_count_against_the_narrower() {
    let stand = Stand::start().await;
    let limiter = stand.replica(Duration::ZERO);
    assert!(token(&limiter, &[scoped("all", 1)]).await);
    let refused = limiter.take(&[scoped("w", 1), scoped("all", 1)]).await.unwrap();
    assert!(matches!(refused, Taken::Closed(Closed { which: 1, .. })));
    assert!(token(&limiter, &[scoped("w", 1)]).await);
}

#[tokio::test]
async fn a_token_that_is_given_back_is_there_again() {
    let stand = Stand::start().await;
    let (limiter, all) = (stand.replica(Duration::ZERO), [scoped("w", 1)]);
    let Taken::Token(first) = limiter.take(&all).await.unwrap() else { panic!("the first token") };
    assert!(!token(&limiter, &all).await);
    limiter.give_back(first).await;
    assert!(token(&limiter, &all).await);
}

#[tokio::test]
async fn a_ledger_that_cannot_be_read_counts_as_used_up_and_heals() {
    let stand = Stand::start().await;
    stand.log.bucket("LIMITS").await.unwrap().put("w", "?".into(), None).await.unwrap();
    let (limiter, all) = (stand.replica(Duration::ZERO), [scoped("w", 5)]);
    assert!(!token(&limiter, &all).await);
    stand.pass(Duration::from_secs(70));
    assert!(token(&limiter, &all).await);
}
