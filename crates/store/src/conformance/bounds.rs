//! S9: no call waits for ever.

use std::future::Future;
use std::time::Duration;

use super::facts::{self, DELIVERIES, at, received};
use super::{Harness, apply, batch, opened};
use crate::{Change, PageRequest, StoreError};

const SHORT: Duration = Duration::from_millis(500);

/// S9: writes fail as transient while the engine is held up, reads too if it holds them up, and afterwards all is well.
pub async fn s9_every_call_on_a_stalled_engine_ends_as_transient(harness: &dyn Harness) {
    apply(&*opened(harness).await, DELIVERIES, [Change::Delivery(Box::new(received(1, at(1))))]).await;
    let store = harness.open_within(SHORT).await.unwrap();
    let before = store.fingerprint().await.unwrap();
    let second = batch(DELIVERIES, vec![(2, Change::Delivery(Box::new(received(2, at(2)))))]);
    let page = PageRequest { limit: 1, cursor: None };

    harness.stall().await;
    transient(store.apply(second.clone())).await;
    transient(store.set_webhooks(&[facts::snapshot(1, "alpha")])).await;
    transient(store.reset()).await;
    transient(store.prune(at(9))).await;
    done_or_transient(store.migrate()).await;
    done_or_transient(store.checkpoint(DELIVERIES)).await;
    done_or_transient(store.deliveries(&Default::default(), &page)).await;
    done_or_transient(store.delivery(received(1, at(1)).delivery.as_str())).await;
    done_or_transient(store.runs(&Default::default(), &page)).await;
    done_or_transient(store.run("run_x")).await;
    done_or_transient(store.webhooks()).await;
    done_or_transient(store.notices(None, None, 1)).await;
    done_or_transient(store.fingerprint()).await;
    harness.resume().await;

    let store = opened(harness).await;
    assert_eq!(store.fingerprint().await.unwrap(), before);
    store.apply(second).await.unwrap();
    assert_eq!(store.deliveries(&Default::default(), &page).await.unwrap().total, 2);
}

async fn transient<T>(call: impl Future<Output = Result<T, StoreError>>) {
    match ended(call).await {
        Ok(_) => panic!("a write went through a stalled engine"),
        Err(error) => assert!(error.is_transient(), "{error}"),
    }
}

async fn done_or_transient<T>(call: impl Future<Output = Result<T, StoreError>>) {
    if let Err(error) = ended(call).await {
        assert!(error.is_transient(), "{error}");
    }
}

/// Many times its deadline: the bound tells a call that ends from one that does not, and no more.
async fn ended<T>(call: impl Future<Output = T>) -> T {
    tokio::time::timeout(super::DEADLINE, call).await.expect("a call did not end")
}
