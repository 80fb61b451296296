//! L16: keys with compare-and-set, expiry and watch.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;

use super::Harness;
use super::harness::KEYS;
use super::kit::{SOON, until};
use crate::{Bucket, LogError, Revision, Swap, Watch};

/// The shortest life that every back end can count.
const TTL: Duration = Duration::from_secs(1);

/// Create, update, put and remove, each right once and wrong once.
pub async fn l16_a_key_is_created_once_and_updated_by_its_revision(h: &dyn Harness) {
    let bucket = h.open().await.bucket(KEYS).await.unwrap();
    assert_eq!(bucket.get("webhook.w1").await.unwrap(), None);
    let one = done(bucket.create("webhook.w1", text("one"), None).await);
    assert_eq!(bucket.create("webhook.w1", text("two"), None).await.unwrap(), Swap::Lost);
    let two = done(bucket.update("webhook.w1", text("two"), one, None).await);
    assert!(two > one);
    assert_eq!(bucket.update("webhook.w1", text("three"), one, None).await.unwrap(), Swap::Lost);
    assert_eq!(bucket.update("webhook.none", text("three"), one, None).await.unwrap(), Swap::Lost);
    let entry = bucket.get("webhook.w1").await.unwrap().unwrap();
    assert_eq!((entry.key.as_str(), entry.value, entry.revision), ("webhook.w1", text("two"), two));

    let three = bucket.put("webhook.w1", text("three"), None).await.unwrap();
    assert!(three > two);
    let other = bucket.put("webhook.w2", Bytes::new(), None).await.unwrap();
    assert!(other > three);
    assert_eq!(bucket.remove("webhook.w1", two).await.unwrap(), Swap::Lost);
    let mut entries = bucket.entries().await.unwrap();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    let seen: Vec<_> = entries.iter().map(|e| (e.key.as_str(), e.revision)).collect();
    assert_eq!(seen, [("webhook.w1", three), ("webhook.w2", other)]);

    let odd = bucket.put("no blank allowed", text("x"), None).await;
    assert!(matches!(odd, Err(LogError::Invalid { .. })), "{odd:?}");
}

/// Of many creators at once one is told that it won.
pub async fn l16_sixteen_creators_of_one_key_have_one_winner(h: &dyn Harness) {
    let logs = [h.open().await, h.open().await];
    let creators = (0..16).map(|n| {
        let log = logs[n % 2].clone();
        tokio::spawn(async move {
            let bucket = log.bucket(KEYS).await.unwrap();
            let won = bucket.create("lease.s1", text(&n.to_string()), None).await.unwrap();
            matches!(won, Swap::Done(_)).then_some(n)
        })
    });
    let winners: Vec<_> = join_all(creators).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(winners.len(), 1, "{winners:?} all won");
    let entry = logs[0].bucket(KEYS).await.unwrap().get("lease.s1").await.unwrap().unwrap();
    assert_eq!(entry.value, text(&winners[0].to_string()));
}

/// Removed means absent; the next life of the key has a greater revision.
pub async fn l16_a_removed_key_can_be_created_again(h: &dyn Harness) {
    let bucket = h.open().await.bucket(KEYS).await.unwrap();
    let one = done(bucket.create("lease.s2", text("a"), None).await);
    done(bucket.remove("lease.s2", one).await);
    assert_eq!(bucket.get("lease.s2").await.unwrap(), None);
    assert!(bucket.entries().await.unwrap().is_empty());
    assert_eq!(bucket.remove("lease.s2", one).await.unwrap(), Swap::Lost);
    assert_eq!(bucket.update("lease.s2", text("b"), one, None).await.unwrap(), Swap::Lost);
    assert!(done(bucket.create("lease.s2", text("b"), None).await) > one);
}

/// A key with a life span is gone after it, unless it was renewed, and then free for the next.
pub async fn l16_a_key_expires_after_its_ttl(h: &dyn Harness) {
    let log = h.open().await;
    let bucket = log.bucket(KEYS).await.unwrap();
    let one = done(bucket.create("lease.short", text("a"), Some(TTL)).await);
    let kept = done(bucket.create("lease.renewed", text("a"), Some(TTL)).await);
    let kept = done(bucket.update("lease.renewed", text("b"), kept, Some(Duration::from_secs(600))).await);
    until("the key is gone", async || bucket.get("lease.short").await.unwrap().is_none().then_some(())).await;
    assert_eq!(bucket.update("lease.short", text("late"), one, None).await.unwrap(), Swap::Lost);
    let left: Vec<_> = bucket.entries().await.unwrap().into_iter().map(|e| (e.key, e.revision)).collect();
    assert_eq!(left, [("lease.renewed".to_owned(), kept)]);
    assert!(done(bucket.create("lease.short", text("b"), None).await) > one);
}

/// What was acknowledged is there after a crash, revisions included.
pub async fn l16_keys_survive_a_crash(h: &dyn Harness) {
    let log = h.open().await;
    let bucket = log.bucket(KEYS).await.unwrap();
    let one = bucket.put("config.a", text("one"), None).await.unwrap();
    let gone = bucket.put("config.b", text("gone"), None).await.unwrap();
    done(bucket.remove("config.b", gone).await);
    drop((bucket, log));
    h.crash().await;

    let bucket = h.open().await.bucket(KEYS).await.unwrap();
    let entries = bucket.entries().await.unwrap();
    let seen: Vec<_> = entries.iter().map(|e| (e.key.as_str(), &e.value, e.revision)).collect();
    assert_eq!(seen, [("config.a", &text("one"), one)]);
    assert!(bucket.put("config.c", text("new"), None).await.unwrap() > gone, "a revision was given out twice");
}

/// A watcher learns of a change, also of one that happened while its connection was cut.
pub async fn l16_a_watch_survives_a_cut(h: &dyn Harness) {
    let reader = h.open().await.bucket(KEYS).await.unwrap();
    let mut watch = reader.watch().await.unwrap();
    for round in 0..3 {
        if round > 0 {
            h.cut().await;
        }
        let writer = h.open().await.bucket(KEYS).await.unwrap();
        let value = text(&format!("round {round}"));
        writer.put("config.watched", value.clone(), None).await.unwrap();
        learns(&*reader, &mut *watch, &value).await;
    }
}

/// Follows the hints until the value is seen; the promise is that they come.
async fn learns(bucket: &dyn Bucket, watch: &mut dyn Watch, value: &Bytes) {
    let follow = async {
        loop {
            watch.changed().await.unwrap();
            if bucket.get("config.watched").await.is_ok_and(|entry| entry.is_some_and(|e| e.value == *value)) {
                return;
            }
        }
    };
    assert!(tokio::time::timeout(SOON, follow).await.is_ok(), "no hint led to {value:?}");
}

fn text(value: &str) -> Bytes {
    Bytes::from(value.to_owned())
}

#[track_caller]
fn done(swap: Result<Swap, LogError>) -> Revision {
    match swap.unwrap() {
        Swap::Done(revision) => revision,
        Swap::Lost => panic!("the write was lost"),
    }
}
